package proof

import (
	"context"

	"holm/provisioner/evidence"
	"holm/provisioner/operations"
	"holm/storage/ledger"
)

// Signer signs statements with the key of this host.
type Signer struct {
	// Proof is a Service.
	Proof interface {
		Evidence(ctx context.Context, tenant, name string, end func(context.Context) (ledger.Checkpoint, error),
			observe operations.Observer) (evidence.Statement, error)
	}
	Log     ledger.Sealer
	Version string // of holm
}

// Sign makes a statement of an instance, and says whether it states that every promise holds. The audit log has to be whole, which is
// found out before anything is tried, as that takes its time; what is stated of the log is how far it has come at the end.
func (s Signer) Sign(ctx context.Context, tenant, name string, observe operations.Observer) (content []byte, holds bool, err error) {
	if _, err := s.Log.Checkpoint(ctx); err != nil {
		return nil, false, err
	}
	key, err := s.Log.Key()
	if err != nil {
		return nil, false, err
	}
	end := func(ctx context.Context) (ledger.Checkpoint, error) {
		signed, err := s.Log.Checkpoint(ctx)
		return signed.Checkpoint, err
	}
	statement, err := s.Proof.Evidence(ctx, tenant, name, end, observe)
	if err != nil {
		return nil, false, err
	}
	statement.Predicate.Version = s.Version
	content, err = evidence.Seal(ctx, key, statement)
	return content, statement.Predicate.Verified.Holds(), err
}
