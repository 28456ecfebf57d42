package provisioner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"holm/images"
	"holm/provisioner/evidence"
	"holm/storage/ledger"
	"holm/storage/records"
)

// Evidence states what a running instance is made of, how it is confined and where it lies. It tries every promise for it, as
// Verify does, and states what came of each whether they hold or not. at is the audit log as it is signed beside.
func (p *Provisioner) Evidence(ctx context.Context, tenant, name string, at ledger.Checkpoint, observe Observer) (evidence.Statement, error) {
	verdict, err := p.Verify(ctx, tenant, name, observe)
	if err != nil {
		return evidence.Statement{}, err
	}
	view, err := p.Show(ctx, tenant, name)
	if err != nil {
		return evidence.Statement{}, err
	}
	inst := view.Instance
	h, err := p.connect(ctx)
	if err != nil {
		return evidence.Statement{}, err
	}
	image, err := p.Images.Get(inst.Image)
	if err != nil {
		return evidence.Statement{}, err
	}
	domain, err := h.LiveXML(ctx, inst.UUID)
	if err != nil {
		return evidence.Statement{}, err
	}
	within, err := p.networkNamed(ctx, inst.Tenant, inst.Network)
	if err != nil {
		return evidence.Statement{}, err
	}
	network, err := within.XML()
	if err != nil {
		return evidence.Statement{}, err
	}
	walls, err := p.walls(ctx, inst)
	if err != nil {
		return evidence.Statement{}, err
	}
	s := evidence.Predicate{
		Rules:  evidence.Rules{SHA256: walls.Digest, Lines: walls.Lines, AsRecorded: walls.Whole()},
		MadeAt: p.Now().UTC(), Instance: inst, Image: imageOf(image), DomainXML: domain, NetworkXML: network, Encryption: Encryption(inst),
		VolumeBytes: view.VolumeBytes, Verified: verdict, Audit: at, Limits: evidence.Limits(), Host: evidence.Host{Name: at.Host},
	}
	if err := p.surroundings(ctx, &s); err != nil {
		return evidence.Statement{}, err
	}
	return statement(s)
}

// surroundings are the host's settings, the tenant and what is under the volume.
func (p *Provisioner) surroundings(ctx context.Context, s *evidence.Predicate) error {
	host, err := p.Records.Host(ctx)
	if err != nil {
		return err
	}
	s.Host.Site, s.Host.Jurisdiction, s.Host.LabMode = host.Site, host.Jurisdiction, host.LabMode
	s.Tenant, err = p.Records.Tenant(ctx, s.Instance.Tenant)
	if errors.Is(err, records.ErrNotFound) {
		s.Tenant, err = records.Tenant{Name: s.Instance.Tenant}, nil
	}
	if err != nil {
		return err
	}
	s.Tenant.Environment = s.Tenant.Environment.Shown()
	pool, err := p.poolOf(ctx, s.Instance)
	if err != nil || pool == nil {
		return err
	}
	under, err := p.survey(ctx, *pool)
	if err != nil {
		return err
	}
	s.Pool = &under.pool
	if under.seen {
		s.Under = &under.tree
	}
	return nil
}

func imageOf(m images.Manifest) evidence.Image {
	return evidence.Image{
		Name: m.Name, Digest: m.Digest, Kernel: m.Kernel.SHA256, Version: m.KernelVersion, Initrd: m.Initrd.SHA256,
		Root: m.Root.SHA256, RootHash: m.RootHash, Unlocked: m.Unlocked,
	}
}

// statement is about the instance, by the digest of its record, and about the image that it runs.
func statement(p evidence.Predicate) (evidence.Statement, error) {
	record, err := json.Marshal(p.Instance)
	if err != nil {
		return evidence.Statement{}, err
	}
	sum := sha256.Sum256(record)
	return evidence.Statement{
		Type: evidence.StatementType, PredicateType: evidence.PredicateType, Predicate: p,
		Subject: []evidence.Subject{
			{Name: "instance/" + p.Instance.ID, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}},
			{Name: "image/" + p.Image.Name, Digest: map[string]string{"sha256": strings.TrimPrefix(p.Image.Digest, "sha256:")}},
		},
	}, nil
}
