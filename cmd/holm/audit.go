package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
	"holm/storage/records"
)

// auditStore is the audit log as the verbs need it.
type auditStore interface {
	Audit(ctx context.Context) ([]records.AuditEntry, error)
	// WholeAudit holds the log against itself, and every record against the log, and returns the entries that it has seen.
	WholeAudit(ctx context.Context) ([]records.AuditEntry, error)
}

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit VERB",
		Short: "List, verify and export the log of all changes",
		Long: "Every change of a record is written down in the transaction that makes it, with who made it,\n" +
			"and each entry hashes the one before. A checkpoint says how far the log had come, signed by this host's\n" +
			"key: keep some elsewhere, as whoever is root here can rewrite both log and key.",
		Example: "  sudo holm audit ls\n  sudo holm audit verify",
		GroupID: groupHost,
	}
	group(cmd)
	cmd.AddCommand(a.auditLsCommand(), a.auditVerifyCommand(), a.auditExportCommand(), a.auditCheckpointCommand())
	return cmd
}

func (a *app) auditKeyPath() string { return filepath.Join(a.settings.state, "keys", "audit_ed25519") }

// sealed is the log, and a fresh checkpoint of it.
func (a *app) sealed(ctx context.Context) ([]records.AuditEntry, ledger.Signed, error) {
	store, err := a.makeAudit(a.settings)
	if err != nil {
		return nil, ledger.Signed{}, err
	}
	entries, err := store.WholeAudit(ctx)
	if err != nil {
		return nil, ledger.Signed{}, tampered(err) // no signature for what is not whole
	}
	key, err := ledger.Key(a.auditKeyPath())
	if err != nil {
		return nil, ledger.Signed{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, ledger.Signed{}, err
	}
	c := ledger.Checkpoint{Host: host, Time: a.now().UTC(), Seq: uint64(len(entries))}
	if len(entries) > 0 {
		c.Head = entries[len(entries)-1].Hash
	}
	signed, err := ledger.Sign(key, c)
	return entries, signed, err
}

func tampered(err error) error {
	return fault.New(fault.CheckFailed, "compare it with an export or a checkpoint that was kept elsewhere: holm audit verify --help", "%w", err)
}

func (a *app) auditCheckpointCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Print how far the log has come, signed, to be kept elsewhere",
		Example: "  sudo holm audit checkpoint -o json > checkpoint.json",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, signed, err := a.sealed(cmd.Context())
			if err != nil {
				return err
			}
			return a.streams.Print(a.settings.output, checkpointResult(signed))
		},
	}
	ends(cmd, fault.Busy, fault.CheckFailed)
	return cmd
}

func checkpointResult(s ledger.Signed) term.Result {
	var f term.Fields
	f.Add("host", term.Text(s.Checkpoint.Host))
	f.Add("time", term.Text(term.Time(s.Checkpoint.Time)))
	f.Add("entries", term.Text(decimal(s.Checkpoint.Seq)))
	f.Add("head", term.Text(s.Checkpoint.Head))
	f.Add("key", term.Text(s.Key))
	f.Add("signature", term.Text(s.Signature))
	return term.Result{Document: s, People: f, Names: []string{s.Checkpoint.Head}}
}

func (a *app) auditExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Print the log, one entry a line, with a signed checkpoint as the last",
		Long:    "Such a file can be checked on any machine: holm audit verify FILE.",
		Example: "  sudo holm audit export > audit.jsonl",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			entries, signed, err := a.sealed(cmd.Context())
			if err != nil {
				return err
			}
			return ledger.Export(a.streams.Out, entries, signed)
		},
	}
	ends(cmd, fault.Busy, fault.CheckFailed)
	return cmd
}
