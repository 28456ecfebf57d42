package audit

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
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

// sealer signs the log of this host.
func sealer(a *app) (ledger.Sealer, error) {
	log, err := a.Log()
	return ledger.At(a.Settings.State, log, a.Now), err
}

// wholeAudit has the log used, if it is whole.
func wholeAudit(ctx context.Context, a *app, use func(records.WholeLog) error) error {
	s, err := sealer(a)
	if err != nil {
		return err
	}
	return s.Whole(ctx, use)
}

func auditCheckpointCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "checkpoint",
		Short:   "Print how far the log has come, signed, to be kept elsewhere",
		Example: "  sudo holm audit checkpoint -o json > checkpoint.json",
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := sealer(a)
			if err != nil {
				return err
			}
			signed, err := s.Checkpoint(cmd.Context())
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
	return term.Result{Document: encode.SignedCheckpoint(s), People: f, Names: []string{s.Checkpoint.Head}}
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
			s, err := sealer(a)
			if err != nil {
				return err
			}
			return s.Export(cmd.Context(), a.Streams.Out)
		},
	}
	cli.Ends(cmd, fault.Busy, fault.CheckFailed)
	return cmd
}
