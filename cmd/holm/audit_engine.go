package main

import (
	"context"
	"time"

	"holm/guest/report"
	"holm/provisioner/evidence"
	"holm/provisioner/operations"
	"holm/provisioner/verify"
	"holm/storage/ledger"
	"holm/storage/records"
)

// proofVerbs show that what was promised holds.
type proofVerbs interface {
	// Verify holds a running instance to its promises; the verdict is there whether they hold or not.
	Verify(ctx context.Context, tenant, name string, observer operations.Observer) (verify.Verdict, error)
	// Evidence states what an instance is and where it lies; at is the audit log as it is signed beside.
	Evidence(ctx context.Context, tenant, name string, at func(context.Context) (ledger.Checkpoint, error),
		observer operations.Observer) (evidence.Statement, error)
	// AuditCaps has a running guest watch who uses which capabilities. What it returns is a claim of the guest's.
	AuditCaps(ctx context.Context, tenant, name string, long time.Duration, observer operations.Observer) (report.Capabilities, error)
}

// auditStore is the audit log as the verbs need it.
type auditStore interface {
	Audit(ctx context.Context) ([]records.AuditEntry, error)
	AuditTail(ctx context.Context, last int) ([]records.AuditEntry, error)
	AuditEnds(ctx context.Context) (records.Base, records.Mark, error)
	// WholeAudit holds the log against itself, and every record against the log, and has it used if it is whole.
	WholeAudit(ctx context.Context, use func(records.WholeLog) error) error
	// DropArchived drops the entries from one place to another.
	DropArchived(ctx context.Context, from, upTo records.Mark, where string) error
}
