package proof

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"holm/images"
	"holm/provisioner/evidence"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/tenants"
	"holm/provisioner/views"
	"holm/storage/ledger"
	"holm/storage/records"
)

// Evidence states what a running instance is made of, how it is confined and where it lies. It tries every promise for it, as
// Verify does, and states what came of each whether they hold or not. All of it is of one moment: nobody changes the instance until
// the end, which is how far the audit log has come by then, the verification and all that it found included.
func (svc *Service) Evidence(ctx context.Context, tenant, name string, end func(context.Context) (ledger.Checkpoint, error),
	observe operations.Observer,
) (evidence.Statement, error) {
	h, inst, release, err := svc.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return evidence.Statement{}, err
	}
	defer release()
	ctx, done := svc.Operations.GivingWay(ctx, inst)
	defer done()
	verdict, err := svc.verify(ctx, h, inst, observe)
	if err != nil {
		return evidence.Statement{}, err
	}
	view, err := svc.Views.Show(ctx, tenant, name)
	if err != nil {
		return evidence.Statement{}, err
	}
	s, err := svc.stated(ctx, h, view)
	if err != nil {
		return evidence.Statement{}, err
	}
	audit, err := end(ctx)
	if err != nil {
		return evidence.Statement{}, err
	}
	s.Verified, s.Audit, s.Host.Name = verdictStated(verdict), checkpointStated(audit), audit.Host
	after, err := svc.Views.Show(ctx, tenant, name)
	if err != nil {
		return evidence.Statement{}, err
	}
	if !reflect.DeepEqual(after.Instance, view.Instance) { // the key of its tenant can be rotated while its name is held
		return evidence.Statement{}, operations.Meanwhile("the record of instance " + model.Quoted(name) + " has changed")
	}
	return statement(s, view.Instance)
}

// stated is all that is stated of an instance, but what was tried and how far the audit log has come.
func (svc *Service) stated(ctx context.Context, h hypervisor.Driver, view views.Instance) (evidence.Predicate, error) {
	inst := view.Instance
	refuse := func(err error) (evidence.Predicate, error) { return evidence.Predicate{}, err }
	image, err := svc.Images.Get(inst.Image)
	if err != nil {
		return refuse(err)
	}
	domain, err := h.LiveXML(ctx, inst.UUID)
	if err != nil {
		return refuse(err)
	}
	within, err := svc.Networks.Named(ctx, inst.Tenant, inst.Network)
	if err != nil {
		return refuse(err)
	}
	network, err := within.XML()
	if err != nil {
		return refuse(err)
	}
	walls, err := svc.Networks.Walls(ctx, inst)
	if err != nil {
		return refuse(err)
	}
	s := evidence.Predicate{
		Rules:  evidence.Rules{SHA256: walls.Digest, Lines: walls.Lines, AsRecorded: walls.Whole()},
		MadeAt: svc.Now().UTC(), Instance: instanceStated(inst), Image: imageOf(image), DomainXML: domain, NetworkXML: network,
		Encryption:  tenants.Encryption(inst),
		VolumeBytes: view.VolumeBytes, Limits: evidence.Limits(),
	}
	err = svc.surroundings(ctx, &s, inst)
	return s, err
}

// surroundings are the host's settings, the tenant and what is under the volume.
func (svc *Service) surroundings(ctx context.Context, s *evidence.Predicate, inst model.Instance) error {
	host, err := svc.Records.Host(ctx)
	if err != nil {
		return err
	}
	s.Host.Site, s.Host.Jurisdiction, s.Host.LabMode = host.Site, host.Jurisdiction, host.LabMode
	tenant, err := svc.Records.Tenant(ctx, inst.Tenant)
	if errors.Is(err, records.ErrNotFound) {
		tenant, err = model.Tenant{Name: inst.Tenant}, nil
	}
	if err != nil {
		return err
	}
	tenant.Environment = tenant.Environment.Shown()
	s.Tenant = tenantStated(tenant)
	pool, err := svc.Pools.PoolOf(ctx, inst)
	if err != nil || pool == nil {
		return err
	}
	under, err := svc.Pools.Survey(ctx, *pool)
	if err != nil {
		return err
	}
	s.Pool = poolStated(under.Pool)
	if under.Seen {
		s.Under = treeStated(under.Tree)
	}
	return nil
}

func imageOf(m images.Manifest) evidence.Image {
	return evidence.Image{
		Name: m.Name, Digest: m.Digest, Kernel: m.Kernel.SHA256, Version: m.KernelVersion, Initrd: m.Initrd.SHA256,
		Root: m.Root.SHA256, RootHash: m.RootHash, Unlocked: m.Unlocked,
	}
}

// statement is about the instance, by the digest of its record as the audit log has it, and about the image that it runs.
func statement(p evidence.Predicate, inst model.Instance) (evidence.Statement, error) {
	record, err := json.Marshal(inst)
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
