package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
	"holm/storage/records"
)

// keptEntries is how many of the newest entries stay when nobody says how many.
const keptEntries = 1000

// retention is what of the log is not archived.
type retention struct {
	entries int // the newest
	days    int // or, when it is not 0, what is no older
}

func auditArchiveCommand(a *app) *cobra.Command {
	keep := retention{entries: keptEntries}
	cmd := &cobra.Command{
		Use:   "archive FILE",
		Short: "Move the oldest entries of the log into a signed file",
		Long: "When the log is whole, its oldest entries are written into a new file, as export does, signed and on\n" +
			"the disk; then they are dropped, and the log says so. Keep the file: nobody else has these entries.\n" +
			"holm audit verify FILE checks it on any machine, and with what is exported later as one log.",
		Example: "  sudo holm audit archive /srv/archive/audit-2030.jsonl\n  sudo holm audit archive audit.jsonl --keep-days 90",
		Args:    cli.Names(1, 1, "a file that is not there yet"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("keep") && cmd.Flags().Changed("keep-days") {
				return fault.New(fault.Usage, "see: holm audit archive --help", "say either --keep or --keep-days")
			}
			return auditArchive(cmd.Context(), a, args[0], keep)
		},
	}
	cmd.Flags().Var(&cli.CountFlag{Count: &keep.entries}, "keep", "the newest `NUMBER` of entries stay in the log")
	cmd.Flags().Var(&cli.CountFlag{Count: &keep.days}, "keep-days",
		"entries of the last `NUMBER` of days stay, instead of a number of entries")
	cli.Ends(cmd, fault.Exists, fault.Busy, fault.CheckFailed)
	return cmd
}

// auditArchive drops nothing before the file is complete, on the disk, and read again.
func auditArchive(ctx context.Context, a *app, path string, keep retention) error {
	store, err := a.Log()
	if err != nil {
		return err
	}
	signs := ledger.At(a.Settings.State, store, a.Now)
	key, err := signs.Key()
	if err != nil {
		return err
	}
	public := key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // what an ed25519 key has
	var from, upTo records.Mark
	var done v1.AuditArchive
	err = signs.Whole(ctx, func(log records.WholeLog) (err error) {
		from = log.Base.Mark
		if upTo, err = keep.cut(log, a.Now()); err != nil {
			return err
		}
		done.Kept = log.End.Seq - upTo.Seq
		if upTo == from {
			return nil
		}
		sealed, err := signs.Seal(upTo)
		if err != nil {
			return err
		}
		done = v1.AuditArchive{File: path, First: from.Seq + 1, Last: upTo.Seq, Kept: done.Kept, Head: upTo.Head, Key: sealed.Key}
		return notWritten(ledger.Archive(path, log, sealed, public))
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return archiveThere(ctx, a, path, public)
	case err != nil:
		return err
	case upTo == from:
		a.Say("there is nothing to archive: the entries in the log are to stay, all " + cli.Decimal(done.Kept))
		return a.Streams.Print(a.Settings.Output, term.Result{Document: done, People: term.Fields{}})
	}
	if err := store.DropArchived(ctx, from, upTo, filepath.Base(path)); err != nil {
		return notDropped(path, err)
	}
	return a.Streams.Print(a.Settings.Output, archiveResult(done))
}

// notWritten says that nothing has happened yet.
func notWritten(err error) error {
	if err == nil || errors.Is(err, cli.ErrInterrupted) {
		return err
	}
	return fault.New(fault.Failure,
		"nothing was dropped from the log: name a file where there is room for it, in a folder that there is", "%w", err)
}

// cut is the last entry that is archived: where the log begins when there is none.
func (k retention) cut(log records.WholeLog, now time.Time) (records.Mark, error) {
	enough := errors.New("enough")
	upTo, oldest := log.Base.Mark, now.AddDate(0, 0, -k.days)
	err := log.Each(func(entry records.AuditEntry) error {
		stays := log.End.Seq-entry.Seq < uint64(max(k.entries, 0)) // #nosec G115 -- not negative
		if k.days > 0 {
			stays = !entry.Time.Before(oldest)
		}
		if stays {
			return enough
		}
		upTo = records.Mark{Seq: entry.Seq, Head: entry.Hash}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return upTo, err
}

func archiveResult(done v1.AuditArchive) term.Result {
	var f term.Fields
	f.Add("archive", term.Text(done.File))
	f.Add("entries", term.Text(cli.Decimal(done.First)+" to "+cli.Decimal(done.Last)))
	f.Add("kept", term.Text(cli.Decimal(done.Kept)+" in the log, and one that tells of the archive"))
	f.Add("head", term.Text(done.Head))
	f.Add("key", term.Text(done.Key))
	return term.Result{Document: done, People: f, Names: []string{done.File}}
}

// notDropped is said of a file that is complete, while the entries may still be in the log.
func notDropped(path string, err error) error {
	kind := fault.KindOf(err)
	if errors.Is(err, records.ErrMoved) || errors.Is(err, records.ErrBusy) {
		kind = fault.Busy
	}
	if errors.Is(err, records.ErrTampered) {
		kind = fault.CheckFailed
	}
	if errors.Is(err, cli.ErrInterrupted) {
		kind = fault.Interrupted
	}
	return fault.New(kind, "to learn whether the file is needed, say it again: holm audit archive "+cli.ShellWord(path),
		"%s is complete, and the entries were not dropped from the log: %w", cli.Quoted(path), err)
}

// archiveThere tells what a file is that is in the way: perhaps the only copy of what the log has no more.
func archiveThere(ctx context.Context, a *app, path string, key ed25519.PublicKey) error {
	stays := fault.New(fault.Exists, "name a file that is not there yet", "%s is there already, and stays", cli.Quoted(path))
	var found string
	var last records.Mark
	part, err := ledger.ReadFile(path, key, func(entry records.AuditEntry) {
		last = records.Mark{Seq: entry.Seq, Head: entry.Hash}
	})
	if err != nil || last.Seq == 0 {
		return stays
	}
	var log records.WholeLog
	err = wholeAudit(ctx, a, func(whole records.WholeLog) error {
		log = whole
		return whole.Each(func(entry records.AuditEntry) error {
			if entry.Seq == last.Seq {
				found = entry.Hash
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	entries := "entries " + cli.Decimal(part.After.Seq+1) + " to " + cli.Decimal(last.Seq)
	if part.After.Seq >= log.Base.Seq && found == last.Head {
		return fault.New(fault.Exists,
			"it is a copy, as somebody was cut short before the log dropped them: rm "+cli.ShellWord(path)+", and say it again",
			"%s is there already: it has %s, which are in the log as well", cli.Quoted(path), entries)
	}
	return fault.New(fault.Exists, "keep it, and name a file that is not there yet",
		"%s is there already: it is an archive with %s", cli.Quoted(path), entries)
}
