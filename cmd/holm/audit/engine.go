// Package audit has the commands that show that what was promised holds: the log of all changes, checks, and signed statements.
package audit

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/provisioner/operations"
	"holm/provisioner/verify"
	"holm/provisioner/views"
	"holm/storage/records"
)

// Needs are what these commands ask of the rooms behind them.
type Needs struct {
	Open func(ctx context.Context) (Engine, error)
	Log  func() (Log, error)
}

// Engine tries what was promised of instances.
type Engine struct {
	Proof     Proof
	Evidence  Evidence
	Instances Instances
}

// Proof shows that what was promised holds.
type Proof interface {
	// Verify holds a running instance to its promises; the verdict is there whether they hold or not.
	Verify(ctx context.Context, tenant, name string, observer operations.Observer) (verify.Verdict, error)
}

// Evidence states what an instance is and where it lies.
type Evidence interface {
	// Sign makes a signed statement, and says whether it states that every promise holds.
	Sign(ctx context.Context, tenant, name string, observer operations.Observer) (content []byte, holds bool, err error)
}

// Instances shows instances.
type Instances interface {
	Show(ctx context.Context, tenant, name string) (views.Instance, error)
}

// Log is the audit log.
type Log interface {
	Audit(ctx context.Context) ([]records.AuditEntry, error)
	AuditTail(ctx context.Context, last int) ([]records.AuditEntry, error)
	AuditEnds(ctx context.Context) (records.Base, records.Mark, error)
	// WholeAudit holds the log against itself, and every record against the log, and has it used if it is whole.
	WholeAudit(ctx context.Context, use func(records.WholeLog) error) error
	// DropArchived drops the entries from one place to another.
	DropArchived(ctx context.Context, from, upTo records.Mark, where string) error
}

// app is a run of holm, with what these commands need.
type app struct {
	*cli.App
	Needs
}

// Commands are those about proof.
func Commands(a *cli.App, n Needs) []*cobra.Command {
	with := &app{a, n}
	return []*cobra.Command{auditCommand(with), verifyCommand(with), evidenceCommand(with)}
}
