package inside

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
)

// leaveKey is ctrl-], which leaves the console as it leaves virsh's and telnet's.
const leaveKey = 0x1d

func consoleCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "console NAME",
		Short:   "Attach this terminal to the serial console of an instance",
		Long:    "Ctrl-] leaves. What the instance printed before is in its log: holm logs NAME.",
		Example: "  sudo holm console web",
		GroupID: cli.GroupInside,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return console(cmd.Context(), a, args[0])
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func console(ctx context.Context, a *app, name string) error {
	if !a.Streams.InTerminal || !a.Streams.OutTerminal {
		return fault.New(fault.Usage, "read it instead: "+a.Command("logs", "-f", name), "a console needs a terminal")
	}
	p, _, err := running(ctx, a, name)
	if err != nil {
		return err
	}
	conn, err := p.Instances.Console(ctx, a.Tenant(), name)
	if err != nil {
		return err
	}
	a.Say("console of " + name + ", leave with ctrl-]")
	restore, err := a.Streams.Raw()
	if err != nil {
		return errors.Join(fault.New(fault.Failure, "", "this terminal has no raw mode: %w", err), conn.Close())
	}
	err = errors.Join(attach(ctx, conn, a.Streams.In, a.Streams.Out), restore())
	a.Say("")
	return err
}

// attach carries keys to conn and what conn says to out, until a person leaves with ctrl-], conn ends or ctx does.
// It closes conn; nothing is written to out any more when it returns. The read that still waits for a key ends with
// the process.
func attach(ctx context.Context, conn io.ReadWriteCloser, in io.Reader, out io.Writer) error {
	var heard error
	silent, typed := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(silent)
		_, heard = io.Copy(out, conn)
	}()
	go func() { typed <- sendKeys(conn, in) }()
	var err error
	select {
	case <-silent:
		return errors.Join(heard, conn.Close())
	case err = <-typed:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	err = errors.Join(err, conn.Close())
	<-silent // heard is by now that conn was closed
	return err
}

// sendKeys copies until ctrl-] or the end of the input.
func sendKeys(w io.Writer, in io.Reader) error {
	keys := make([]byte, 256)
	for {
		n, err := in.Read(keys)
		typed, _, leave := bytes.Cut(keys[:n], []byte{leaveKey})
		if _, werr := w.Write(typed); werr != nil {
			return werr
		}
		if leave || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
