package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
	"holm/storage/records"
)

func auditVerifyCommand(a *app) *cobra.Command {
	var against string
	var whose trust
	cmd := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "Check that nothing was altered, cut off or slipped in",
		Long: "Without FILE it checks this host's log, and every record against it; --against a checkpoint that was\n" +
			"kept elsewhere finds out whether the log was cut or rewritten since. With FILE, an export or an\n" +
			"archive is checked, on any machine and without this host; of several, in order, each has to go on\n" +
			"where the one before ends.\n" +
			"--key says whose signature it has to be; a file that anybody may have signed ends with 8, unless\n" +
			"--any-key asks for no more.",
		Example: "  sudo holm audit verify --against checkpoint.json\n  holm audit verify audit.jsonl --key ed25519:…\n" +
			"  holm audit verify archive-1.jsonl archive-2.jsonl audit.jsonl --key ed25519:…",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			trusted, err := whose.public()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				return verifyExports(a, args, against, trusted, whose)
			}
			return verifyLog(cmd.Context(), a, against, trusted)
		},
	}
	whose.flags(cmd)
	cmd.Flags().StringVar(&against, "against", "", "`FILE` of a checkpoint that was made earlier")
	cli.Ends(cmd, fault.NotFound, fault.Busy, fault.CheckFailed)
	return cmd
}

// verdictOnLog is what a verification that found nothing wrong says.
type verdictOnLog struct {
	v1.AuditVerdict
	signature *term.Cell // of an export
}

func printVerdict(a *app, v verdictOnLog) error {
	var f term.Fields
	f.Add("log", term.Cell{Text: "whole", Tone: term.Good})
	f.Add("entries", term.Text(cli.Decimal(v.Entries)))
	if v.Archived > 0 {
		f.Add("begins with", term.Text("entry "+cli.Decimal(v.Archived+1)+": those before are in an archive"))
	}
	f.Add("head", term.Text(v.Head))
	f.Add("host", term.Text(v.Host))
	f.Add("key", term.Text(v.Key))
	if v.signature != nil {
		f.Add("signature", *v.signature)
	}
	if v.Checkpoint > 0 {
		f.Add("agrees with", term.Text("the checkpoint of entry "+cli.Decimal(v.Checkpoint)))
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: v.AuditVerdict, People: f, Names: []string{v.Head}})
}

// verifyExports checks files each of which goes on where the one before ends.
func verifyExports(a *app, paths []string, against string, trusted ed25519.PublicKey, whose trust) error {
	held := holding{whose: trusted}
	if err := held.read(against); err != nil {
		return err
	}
	var first, last ledger.Part
	for i, path := range paths {
		part, err := ledger.ReadFile(path, trusted, held.hear)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return missingFile(err)
		}
		if i == 0 {
			first = part
		} else if err == nil {
			err = part.Follows(last)
		}
		if err != nil {
			return fault.New(fault.CheckFailed, "", "%s: %w", cli.Quoted(path), err)
		}
		last = part
	}
	c := last.Checkpoint
	more := "holm audit verify ARCHIVE " + cli.ShellWord(paths[0])
	if err := held.verdict(first.After, records.Mark{Seq: c.Seq, Head: c.Head}, more); err != nil {
		return err
	}
	v := verdictOnLog{signature: new(whose.cell()), AuditVerdict: v1.AuditVerdict{
		Whole: true, Entries: c.Seq, Head: c.Head, Host: c.Host, Key: last.Key, Archived: first.After.Seq,
		Checkpoint: held.upTo(),
	}}
	if err := printVerdict(a, v); err != nil {
		return err
	}
	return whose.enough(paths[len(paths)-1], "audit verify")
}

func verifyLog(ctx context.Context, a *app, against string, trusted ed25519.PublicKey) error {
	held := holding{whose: trusted}
	var whole records.WholeLog
	err := wholeAudit(ctx, a, func(log records.WholeLog) error {
		whole = log
		if err := held.read(against); err != nil || against == "" {
			return err
		}
		return log.Each(func(entry records.AuditEntry) error { held.hear(entry); return nil })
	})
	if err != nil {
		return err
	}
	v := verdictOnLog{AuditVerdict: v1.AuditVerdict{
		Whole: true, Entries: whole.End.Seq, Head: whole.End.Head, Archived: whole.Base.Seq,
	}}
	if against == "" {
		return printVerdict(a, v)
	}
	if err := held.verdict(whole.Base.Mark, whole.End, "holm audit export > now.jsonl; holm audit verify ARCHIVE now.jsonl"); err != nil {
		return err
	}
	v.Host, v.Key, v.Checkpoint = held.kept.Checkpoint.Host, held.kept.Key, held.upTo()
	return printVerdict(a, v)
}
