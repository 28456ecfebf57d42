package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
)

// maxCheckpoint is the longest file of a checkpoint that is read, in bytes.
const maxCheckpoint = 64 << 10

func (a *app) auditVerifyCommand() *cobra.Command {
	var against string
	var whose trust
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check that nothing was altered, cut off or slipped in",
		Long: "Without FILE it checks this host's log, and every record against it; --against a checkpoint that was\n" +
			"kept elsewhere finds out whether the log was cut or rewritten since. With FILE, an export is checked,\n" +
			"on any machine and without this host. --key says whose signature it has to be; an export\n" +
			"that anybody may have signed ends with 8, unless --any-key asks for no more.",
		Example: "  sudo holm audit verify --against checkpoint.json\n  holm audit verify audit.jsonl --key ed25519:…",
		Args:    names(0, 1, "a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			trusted, err := whose.public()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if against != "" {
					return fault.New(fault.Usage, "see: holm audit verify --help", "--against is for this host's log, and not for a file")
				}
				return a.verifyExport(args[0], trusted, whose)
			}
			return a.verifyLog(cmd.Context(), against, trusted)
		},
	}
	whose.flags(cmd)
	cmd.Flags().StringVar(&against, "against", "", "`FILE` of a checkpoint that was made earlier")
	ends(cmd, fault.NotFound, fault.Busy, fault.CheckFailed)
	return cmd
}

// verdictOnLog is what a verification that found nothing wrong says.
type verdictOnLog struct {
	Whole      bool   `json:"whole"`
	Entries    uint64 `json:"entries"`
	Head       string `json:"head"`
	Host       string `json:"host,omitempty"`
	Key        string `json:"key,omitempty"`
	Checkpoint uint64 `json:"checkpoint,omitempty"` // the entry up to which it agrees with what was kept

	signature *term.Cell // of an export
}

func (a *app) printVerdict(v verdictOnLog) error {
	var f term.Fields
	f.Add("log", term.Cell{Text: "whole", Tone: term.Good})
	f.Add("entries", term.Text(decimal(v.Entries)))
	f.Add("head", term.Text(v.Head))
	f.Add("host", term.Text(v.Host))
	f.Add("key", term.Text(v.Key))
	if v.signature != nil {
		f.Add("signature", *v.signature)
	}
	if v.Checkpoint > 0 {
		f.Add("agrees with", term.Text("the checkpoint of entry "+decimal(v.Checkpoint)))
	}
	return a.streams.Print(a.settings.output, term.Result{Document: v, People: f, Names: []string{v.Head}})
}

func (a *app) verifyExport(path string, trusted ed25519.PublicKey, whose trust) error {
	f, err := os.Open(path) // #nosec G304 -- whoever runs holm names it, and may read it
	if err != nil {
		return missingFile(err)
	}
	defer func() { _ = f.Close() }()
	sealed, err := ledger.Import(f, trusted)
	if err != nil {
		return fault.New(fault.CheckFailed, "", "%s: %w", quoted(path), err)
	}
	c := sealed.Checkpoint
	if err := a.printVerdict(verdictOnLog{Whole: true, Entries: c.Seq, Head: c.Head, Host: c.Host, Key: sealed.Key, signature: new(whose.cell())}); err != nil {
		return err
	}
	return whose.enough(path, "audit verify")
}

func (a *app) verifyLog(ctx context.Context, against string, trusted ed25519.PublicKey) error {
	store, err := a.makeAudit(a.settings)
	if err != nil {
		return err
	}
	entries, err := store.WholeAudit(ctx)
	if err != nil {
		return tampered(err)
	}
	v := verdictOnLog{Whole: true, Entries: uint64(len(entries))}
	if len(entries) > 0 {
		v.Head = entries[len(entries)-1].Hash
	}
	if against == "" {
		return a.printVerdict(v)
	}
	kept, err := readCheckpoint(against)
	if err != nil {
		return err
	}
	if err := errors.Join(kept.Verify(trusted), ledger.Since(kept.Checkpoint, entries)); err != nil {
		return tampered(err)
	}
	v.Host, v.Key, v.Checkpoint = kept.Checkpoint.Host, kept.Key, kept.Checkpoint.Seq
	return a.printVerdict(v)
}

func readCheckpoint(path string) (ledger.Signed, error) {
	f, err := os.Open(path) // #nosec G304 -- whoever runs holm names it, and may read it
	if err != nil {
		return ledger.Signed{}, missingFile(err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	if err != nil {
		return ledger.Signed{}, err
	}
	s, err := ledger.Parse(content)
	if err != nil {
		return s, fault.New(fault.CheckFailed, "it is made by: holm audit checkpoint -o json", "%s: %w", quoted(path), err)
	}
	return s, nil
}

func missingFile(err error) error {
	return fault.New(fault.NotFound, "name a file that there is", "%w", err)
}
