package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
	"holm/storage/records"
)

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit VERB",
		Short: "List, verify, export and archive the log of all changes",
		Long: "Every change of a record is written down in the transaction that makes it, with who made it,\n" +
			"and each entry hashes the one before. A checkpoint says how far the log had come, signed by this host's\n" +
			"key: keep some elsewhere, as whoever is root here can rewrite both log and key.",
		Example: "  sudo holm audit ls\n  sudo holm audit verify",
		GroupID: groupHost,
	}
	group(cmd)
	cmd.AddCommand(a.auditLsCommand(), a.auditVerifyCommand(), a.auditExportCommand(), a.auditCheckpointCommand(), a.auditArchiveCommand())
	return cmd
}

func (a *app) auditKeyPath() string { return filepath.Join(a.settings.state, "keys", "audit_ed25519") }

// sealed is a fresh checkpoint of the log.
func (a *app) sealed(ctx context.Context) (signed ledger.Signed, err error) {
	err = a.wholeAudit(ctx, func(log records.WholeLog) error {
		signed, err = a.seal(log.End)
		return err
	})
	return signed, err
}

// wholeAudit has the log used, if it is whole: there is no signature for what is not.
func (a *app) wholeAudit(ctx context.Context, use func(records.WholeLog) error) error {
	store, err := a.makeAudit(a.settings)
	if err != nil {
		return err
	}
	err = store.WholeAudit(ctx, use)
	if errors.Is(err, records.ErrTampered) {
		return tampered(err)
	}
	return err
}

// seal signs a checkpoint of a place in the log.
func (a *app) seal(at records.Mark) (ledger.Signed, error) {
	key, err := ledger.Key(a.auditKeyPath())
	if err != nil {
		return ledger.Signed{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return ledger.Signed{}, err
	}
	return ledger.Sign(key, ledger.Checkpoint{Host: host, Time: a.now().UTC(), Seq: at.Seq, Head: at.Head})
}

func tampered(err error) error {
	return fault.New(fault.CheckFailed,
		"compare it with an export or a checkpoint that was kept elsewhere: holm audit verify --help", "%w", err)
}

func (a *app) auditCheckpointCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Print how far the log has come, signed, to be kept elsewhere",
		Example: "  sudo holm audit checkpoint -o json > checkpoint.json",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			signed, err := a.sealed(cmd.Context())
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
		Use:   "export",
		Short: "Print the log, one entry a line, with a signed checkpoint as the last",
		Long: "Such a file can be checked on any machine: holm audit verify FILE. When the oldest entries are archived,\n" +
			"it goes on where the last archive ends: holm audit verify ARCHIVE FILE checks both as one.",
		Example: "  sudo holm audit export > audit.jsonl",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.wholeAudit(cmd.Context(), func(log records.WholeLog) error {
				signed, err := a.seal(log.End)
				if err != nil {
					return err
				}
				return ledger.Export(a.streams.Out, log, signed)
			})
		},
	}
	ends(cmd, fault.Busy, fault.CheckFailed)
	return cmd
}
