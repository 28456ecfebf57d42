package provisioner_test

import (
	"context"
	"strings"
	"testing"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/evidence"
	"holm/provisioner/verify"
	"holm/storage/ledger"
)

func TestEvidenceStatesWhatAnInstanceIsAndWhereItLies(t *testing.T) {
	w := standsIn(t, "NO")
	spec := ofAcme("web")
	spec.Pool = "fast"
	inst, err := w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
	at := ledger.Checkpoint{Host: "fjell01", Seq: 7, Head: "ab"}
	s, err := w.holm().Proof.Evidence(t.Context(), "acme", "web", upTo(at), nil)
	must(t, err)
	p := s.Predicate
	if p.Instance.ID != inst.ID || p.Tenant.Residency[0] != "NO" || p.Host.Jurisdiction != "NO" || p.Host.Name != "fjell01" || p.Audit != evidence.Checkpoint(at) {
		t.Errorf("it states %+v of %+v", p.Host, p.Tenant)
	}
	if !strings.Contains(p.DomainXML, inst.UUID) || !strings.Contains(p.NetworkXML, inst.Network) || !strings.HasPrefix(p.Encryption, "LUKS aes-256-xts-plain64, key ") || p.VolumeBytes <= 0 {
		t.Errorf("it states %q, %q, %d bytes", p.DomainXML, p.NetworkXML, p.VolumeBytes)
	}
	if p.Rules.SHA256 == "" || p.Rules.Lines == 0 || !p.Rules.AsRecorded {
		t.Errorf("of the rules it states %+v", p.Rules)
	}
	w.wall.mu.Lock()
	for name := range w.wall.tables {
		w.wall.tables[name] += "through accept\n"
	}
	w.wall.mu.Unlock()
	if weak, err := w.holm().Proof.Evidence(t.Context(), "acme", "web", upTo(at), nil); err != nil || weak.Predicate.Rules.AsRecorded {
		t.Errorf("of rules that somebody weakened it states %+v (%v)", weak.Predicate.Rules, err)
	}
	if p.Pool == nil || p.Pool.Name != "fast" || p.Under == nil || p.Under.Summary() != "raid10 on 4 nvme" {
		t.Errorf("under it are %+v, %+v", p.Pool, p.Under)
	}
	if !p.Verified.Holds() || p.Image.RootHash == "" || len(s.Subject) != 2 || len(s.Subject[0].Digest["sha256"]) != 64 {
		t.Errorf("it states %+v of %+v", p.Verified.Counts(), s.Subject)
	}
}

func TestEvidenceOfABrokenPromiseSaysThatItIsBroken(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	w.inspect = func(context.Context, verify.Subject) []verify.Result { return seen(report.Failed, report.Passed) }
	s, err := w.holm().Proof.Evidence(t.Context(), "default", "web", upTo(ledger.Checkpoint{}), nil)
	must(t, err)
	if s.Predicate.Verified.Holds() || s.Predicate.Verified.Counts().Failed != 1 {
		t.Errorf("it states %+v", s.Predicate.Verified.Counts())
	}
}

func TestThereIsNoEvidenceOfWhatDoesNotRun(t *testing.T) {
	w := newWorld(t)
	_, err := w.holm().Proof.Evidence(t.Context(), "default", "web", upTo(ledger.Checkpoint{}), nil)
	refused(t, err, fault.NotFound, `no instance "web"`)
	w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	_, err = w.holm().Proof.Evidence(t.Context(), "default", "web", upTo(ledger.Checkpoint{}), nil)
	refused(t, err, fault.Failure, "is not running")
}

// upTo is how far the audit log has come.
func upTo(at ledger.Checkpoint) func(context.Context) (ledger.Checkpoint, error) {
	return func(context.Context) (ledger.Checkpoint, error) { return at, nil }
}

func TestEvidenceIsOfOneMoment(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	tried := 0
	w.inspect = func(context.Context, verify.Subject) []verify.Result {
		tried++
		return seen(report.Passed, report.Passed)
	}
	var known int
	end := func(ctx context.Context) (ledger.Checkpoint, error) {
		if tried != 1 {
			t.Errorf("the log was read after %d verifications, want 1", tried)
		}
		_, err := w.holm().Instances.Restart(ctx, "default", "web", nil)
		refused(t, err, fault.Busy, `at work on instance "web"`)
		entries, err := w.records.Audit(ctx)
		known = len(entries)
		return ledger.Checkpoint{Seq: uint64(known)}, err
	}
	s, err := w.holm().Proof.Evidence(t.Context(), "default", "web", end, nil)
	must(t, err)
	must(t, w.records.VerifyAudit(t.Context()))
	entries, err := w.records.Audit(t.Context())
	must(t, err)
	if known == 0 || len(entries) != known {
		t.Errorf("it was made at entry %d, and the log goes on to %d", known, len(entries))
	}
	if got := w.record(); !got.CheckedAt.Equal(s.Predicate.Instance.CheckedAt) {
		t.Errorf("it states the record as of %s, and that is of %s", s.Predicate.Instance.CheckedAt, got.CheckedAt)
	}
	rotate := func(ctx context.Context) (ledger.Checkpoint, error) {
		_, _, err := w.holm().Tenants.RotateKey(ctx, "default")
		return ledger.Checkpoint{}, err
	}
	_, err = w.holm().Proof.Evidence(t.Context(), "default", "web", rotate, nil)
	refused(t, err, fault.Busy, "has changed")
}
