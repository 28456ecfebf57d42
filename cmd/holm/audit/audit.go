package audit

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
	"holm/storage/records"
)

func auditCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit VERB",
		Short: "List, verify, export and archive the log of all changes",
		Long: "Every change of a record is written down in the transaction that makes it, with who made it,\n" +
			"and each entry hashes the one before. A checkpoint says how far the log had come, signed by this host's\n" +
			"key: keep some elsewhere, as whoever is root here can rewrite both log and key.",
		Example: "  sudo holm audit ls\n  sudo holm audit verify",
		GroupID: cli.GroupHost,
	}
	cli.Group(cmd)
	cmd.AddCommand(auditLsCommand(a), auditVerifyCommand(a), auditExportCommand(a), auditCheckpointCommand(a), auditArchiveCommand(a))
	return cmd
}

func auditKeyPath(a *app) string { return filepath.Join(a.Settings.State, "keys", "audit_ed25519") }

// sealed is a fresh checkpoint of the log.
func sealed(ctx context.Context, a *app) (signed ledger.Signed, err error) {
	err = wholeAudit(ctx, a, func(log records.WholeLog) error {
		signed, err = seal(a, log.End)
		return err
	})
	return signed, err
}

// wholeAudit has the log used, if it is whole: there is no signature for what is not.
func wholeAudit(ctx context.Context, a *app, use func(records.WholeLog) error) error {
	store, err := a.Log()
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
func seal(a *app, at records.Mark) (ledger.Signed, error) {
	key, err := ledger.Key(auditKeyPath(a))
	if err != nil {
		return ledger.Signed{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return ledger.Signed{}, err
	}
	return ledger.Sign(key, ledger.Checkpoint{Host: host, Time: a.Now().UTC(), Seq: at.Seq, Head: at.Head})
}

func tampered(err error) error {
	return fault.New(fault.CheckFailed,
		"compare it with an export or a checkpoint that was kept elsewhere: holm audit verify --help", "%w", err)
}

func auditCheckpointCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Print how far the log has come, signed, to be kept elsewhere",
		Example: "  sudo holm audit checkpoint -o json > checkpoint.json",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			signed, err := sealed(cmd.Context(), a)
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, checkpointResult(signed))
		},
	}
	cli.Ends(cmd, fault.Busy, fault.CheckFailed)
	return cmd
}

func checkpointResult(s ledger.Signed) term.Result {
	var f term.Fields
	f.Add("host", term.Text(s.Checkpoint.Host))
	f.Add("time", term.Text(term.Time(s.Checkpoint.Time)))
	f.Add("entries", term.Text(cli.Decimal(s.Checkpoint.Seq)))
	f.Add("head", term.Text(s.Checkpoint.Head))
	f.Add("key", term.Text(s.Key))
	f.Add("signature", term.Text(s.Signature))
	return term.Result{Document: s, People: f, Names: []string{s.Checkpoint.Head}}
}

func auditExportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the log, one entry a line, with a signed checkpoint as the last",
		Long: "Such a file can be checked on any machine: holm audit verify FILE. When the oldest entries are archived,\n" +
			"it goes on where the last archive ends: holm audit verify ARCHIVE FILE checks both as one.",
		Example: "  sudo holm audit export > audit.jsonl",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return wholeAudit(cmd.Context(), a, func(log records.WholeLog) error {
				signed, err := seal(a, log.End)
				if err != nil {
					return err
				}
				return ledger.Export(a.Streams.Out, log, signed)
			})
		},
	}
	cli.Ends(cmd, fault.Busy, fault.CheckFailed)
	return cmd
}
