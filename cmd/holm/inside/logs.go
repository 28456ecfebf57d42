package inside

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/parts"
)

// lookEvery is how often a log that is followed is looked at.
const lookEvery = 250 * time.Millisecond

func logsCommand(a *app) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:     "logs NAME",
		Short:   "Print what an instance wrote to its console",
		Long:    "The guest decides what stands there: on a terminal, control characters are left out.",
		Example: "  sudo holm logs web\n  sudo holm logs -f web",
		GroupID: cli.GroupInside,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return logs(cmd.Context(), a, args[0], follow)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on as the instance writes more; ctrl-C ends")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func logs(ctx context.Context, a *app, name string, follow bool) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	v, err := p.Instances.Show(ctx, a.Tenant(), name)
	if err != nil {
		return err
	}
	path := parts.ConsolePath(a.Settings.State, v.ID)
	out := a.Streams.Out
	if a.Streams.OutTerminal {
		cleaner := term.NewCleaner(out)
		defer func() { _ = cleaner.Flush() }()
		out = cleaner
	}
	if err = printRotated(ctx, path, out); err == nil {
		err = printLog(ctx, path, follow, out)
	}
	if errors.Is(err, cli.ErrInterrupted) {
		return cli.ExitStatus(fault.Interrupted) // the way to end it: nothing to explain
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "run: "+a.Command("start", name), "instance %q has written no console log yet", name)
	}
	return err
}

// printRotated copies what virtlogd has moved away as the log grew, which is a few files: the higher its number, the older
// a file is.
func printRotated(ctx context.Context, path string, out io.Writer) error {
	var old []string
	for {
		name := path + "." + strconv.Itoa(len(old))
		if _, err := os.Stat(name); err != nil {
			break
		}
		old = append(old, name)
	}
	for _, name := range slices.Backward(old) {
		if _, err := printFile(ctx, name, false, out, nil); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// printLog copies the file and, when it is followed, what is appended to it until ctx ends. A file that was replaced
// (the log is rotated when it grows) is read from its beginning.
func printLog(ctx context.Context, path string, follow bool, out io.Writer) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		replaced, err := printFile(ctx, path, follow, out, tick.C)
		if err != nil || !replaced {
			return err
		}
	}
}

func printFile(ctx context.Context, path string, follow bool, out io.Writer, tick <-chan time.Time) (replaced bool, err error) {
	f, err := os.Open(path) // #nosec G304 -- the path is made of the state directory and an instance id
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	for {
		// Asked before reading: what was written up to the replacement is still read from this file.
		replaced := follow && isReplaced(f, path)
		if _, err := io.Copy(out, f); err != nil || !follow || replaced {
			return replaced, err
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-tick:
		}
	}
}

// isReplaced tells whether path is by now another file than f, or f was cut to less than what was read of it. A path
// that is missing for the moment is not replaced yet.
func isReplaced(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	if err != nil {
		return false
	}
	read, err := f.Seek(0, io.SeekCurrent)
	return err == nil && (!os.SameFile(mine, now) || now.Size() < read)
}
