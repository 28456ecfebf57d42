// Package inside has the commands that go into an instance, and those that tell other programs how to.
package inside

import (
	"context"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/guest/report"
	"holm/internal/term"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// Needs are what these commands ask of the rooms behind them, and of this host.
type Needs struct {
	Open func(ctx context.Context) (Engine, error)
	// Program runs another program on the same streams; its exit code comes back as cli.ExitStatus.
	Program func(ctx context.Context, name string, args []string, streams *term.Streams) error
	// ProgramAs is Program as another user; nil is the caller's own.
	ProgramAs func(ctx context.Context, as *syscall.Credential, name string, args []string, streams *term.Streams) error
}

// Engine has instances to go into.
type Engine struct {
	Instances Instances
	Proof     Proof
}

// Instances finds instances; tenant "" in List means all.
type Instances interface {
	Show(ctx context.Context, tenant, name string) (views.Instance, error)
	List(ctx context.Context, tenant string) ([]views.Row, error)
	Console(ctx context.Context, tenant, name string) (io.ReadWriteCloser, error)
}

// Proof asks guests.
type Proof interface {
	// AuditCaps has a running guest watch who uses which capabilities. What it returns is a claim of the guest's.
	AuditCaps(ctx context.Context, tenant, name string, long time.Duration, observer operations.Observer) (report.Capabilities, error)
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those that go into an instance.
func Commands(a *cli.App, n Needs) []*cobra.Command {
	with := &app{a, n}
	return []*cobra.Command{
		sshCommand(with), execCommand(with), consoleCommand(with), logsCommand(with), cpCommand(with), dockerContextCommand(with),
		kubeconfigCommand(with), sshConfigCommand(with), inventoryCommand(with), auditCapsCommand(with),
	}
}
