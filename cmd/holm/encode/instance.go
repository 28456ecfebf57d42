package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/parts"
	"holm/provisioner/views"
	"holm/storage/keys"
)

// Instance is one in full.
func Instance(v views.Instance) v1.Instance {
	return v1.Instance{
		InstanceBase: InstanceBase(v.Instance), DomainState: string(v.DomainState), Status: v.Status, Now: v.Now, Stalled: v.Stalled,
		Wrong: some(v.Wrong, finding), InForce: InForce(v.InForce), VolumeBytes: v.VolumeBytes, Operation: v.Operation,
	}
}

func finding(f parts.Finding) v1.PartFinding { return v1.PartFinding{Part: f.Part, What: f.What} }

// InstanceList is what verbs print that change some.
func InstanceList(all []views.Instance) v1.InstanceList {
	return v1.InstanceList{Instances: list(all, Instance)}
}

// InstanceBase is an instance as it is on record, or would be.
func InstanceBase(inst model.Instance) v1.InstanceBase {
	return v1.InstanceBase{
		ID: inst.ID, Name: inst.Name, Tenant: inst.Tenant, State: string(inst.State), Failure: inst.Failure,
		Profile: inst.Profile, Flavor: Flavor(inst.Flavor),
		Image: inst.Image, ImageName: inst.ImageName, Unlocked: inst.Unlocked, Previous: imageRef(inst.Previous),
		Pool: inst.Pool, Key: sealedKey(inst.Key), AllowDegraded: inst.AllowDegraded, ResidencyOverride: inst.ResidencyOverride,
		Accel: inst.Accel, Machine: inst.Machine, UUID: inst.UUID, Domain: inst.Domain, UID: inst.UID,
		Network: inst.Network, MAC: inst.MAC, Address: model.Text(inst.Address), Address6: model.Text(inst.Address6),
		PrefixLen: inst.PrefixLen, Gateway: model.Text(inst.Gateway), Nameservers: inst.Nameservers,
		Environment: Environment(inst.Environment), Exposed: some(inst.Exposed, port),
		User: inst.User, AuthorizedKeys: inst.AuthorizedKeys, APINames: inst.APINames,
		HostKey: inst.HostKey, MachineID: inst.MachineID, Kernel: inst.Kernel, BootID: inst.BootID, Undecided: inst.Undecided,
		Parked: inst.Parked, Panics: some(inst.Panics, utc), SeedAttached: inst.SeedAttached,
		ChecksPassed: inst.ChecksPassed, ChecksTotal: inst.ChecksTotal, CheckedAt: utc(inst.CheckedAt), Unverified: inst.Unverified,
		Created: utc(inst.Created), ReadyAt: utc(inst.ReadyAt), ReadyAfter: int64(inst.ReadyAfter),
	}
}

func imageRef(r *model.ImageRef) *v1.ImageRef {
	if r == nil {
		return nil
	}
	return &v1.ImageRef{Digest: r.Digest, Name: r.Name, Unlocked: r.Unlocked}
}

func sealedKey(k *keys.Sealed) *v1.SealedKey {
	if k == nil {
		return nil
	}
	return &v1.SealedKey{ID: k.ID, By: k.By, Box: k.Box}
}

// InstanceSummaries is a list of instances.
func InstanceSummaries(rows []views.Row) v1.InstanceSummaries {
	return v1.InstanceSummaries{Instances: list(rows, summary)}
}

func summary(row views.Row) v1.InstanceSummary {
	return v1.InstanceSummary{
		ID: row.ID, Name: row.Name, Tenant: row.Tenant, State: string(row.State), Address: model.Text(row.Address),
		Flavor: row.Flavor, Profile: row.Profile, Image: row.Image, ImageName: row.ImageName, Unlocked: row.Unlocked,
		Accel: row.Accel, UUID: row.UUID, BootID: row.BootID, Created: utc(row.Created),
		ChecksPassed: row.ChecksPassed, ChecksTotal: row.ChecksTotal, Unverified: row.Unverified, Status: row.Status,
	}
}

func port(p model.Port) v1.Port { return v1.Port{Protocol: p.Protocol, Host: p.Host, Guest: p.Guest} }

// ExposureList is what is published.
func ExposureList(all []instances.Exposure) v1.ExposureList {
	return v1.ExposureList{Exposed: list(all, func(e instances.Exposure) v1.Exposure {
		return v1.Exposure{Port: port(e.Port), Tenant: e.Tenant, Name: e.Name, Address: model.Text(e.Address), State: string(e.State)}
	})}
}

func paused(p instances.Paused) v1.PausedInstance {
	return v1.PausedInstance{Tenant: p.Tenant, Name: p.Name, Pool: p.Pool, Why: p.Why, Resumed: p.Resumed}
}
