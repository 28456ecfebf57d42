package provisioner_test

import (
	"context"
	"strings"
	"testing"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/verify"
	"holm/storage/ledger"
)

func TestEvidenceStatesWhatAnInstanceIsAndWhereItLies(t *testing.T) {
	w := standsIn(t, "NO")
	spec := ofAcme("web")
	spec.Pool = "fast"
	inst, err := w.holm().Create(t.Context(), spec, nil)
	must(t, err)
	at := ledger.Checkpoint{Host: "fjell01", Seq: 7, Head: "ab"}
	s, err := w.holm().Evidence(t.Context(), "acme", "web", at, nil)
	must(t, err)
	p := s.Predicate
	if p.Instance.ID != inst.ID || p.Tenant.Residency[0] != "NO" || p.Host.Jurisdiction != "NO" || p.Host.Name != "fjell01" || p.Audit != at {
		t.Errorf("it states %+v of %+v", p.Host, p.Tenant)
	}
	if !strings.Contains(p.DomainXML, inst.UUID) || !strings.Contains(p.NetworkXML, inst.Network) || !strings.HasPrefix(p.Encryption, "LUKS aes-256-xts-plain64, key ") || p.VolumeBytes <= 0 {
		t.Errorf("it states %q, %q, %d bytes", p.DomainXML, p.NetworkXML, p.VolumeBytes)
	}
	if p.Rules.SHA256 == "" || p.Rules.Lines == 0 || !p.Rules.AsRecorded {
		t.Errorf("of the rules it states %+v", p.Rules)
	}
	if p.Pool == nil || p.Pool.Name != "fast" || p.Under == nil || len(p.Under.Drives()) != 4 {
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
	s, err := w.holm().Evidence(t.Context(), "default", "web", ledger.Checkpoint{}, nil)
	must(t, err)
	if s.Predicate.Verified.Holds() || s.Predicate.Verified.Counts().Failed != 1 {
		t.Errorf("it states %+v", s.Predicate.Verified.Counts())
	}
}

func TestThereIsNoEvidenceOfWhatDoesNotRun(t *testing.T) {
	w := newWorld(t)
	_, err := w.holm().Evidence(t.Context(), "default", "web", ledger.Checkpoint{}, nil)
	refused(t, err, fault.NotFound, `no instance "web"`)
	w.created("web")
	must(t, w.holm().Stop(t.Context(), "default", "web", true, nil))
	_, err = w.holm().Evidence(t.Context(), "default", "web", ledger.Checkpoint{}, nil)
	refused(t, err, fault.Failure, "is not running")
}
