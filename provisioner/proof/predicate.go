package proof

import (
	"holm/provisioner/evidence"
	"holm/provisioner/model"
	"holm/provisioner/verify"
	"holm/storage/keys"
	"holm/storage/ledger"
	"holm/storage/pools"
)

// What is on record, in the forms of evidence: they stay as they are, whatever becomes of the record's.

func instanceStated(inst model.Instance) evidence.Instance {
	return evidence.Instance{
		ID: inst.ID, Name: inst.Name, Tenant: inst.Tenant, State: string(inst.State), Failure: inst.Failure,
		Profile: inst.Profile, Flavor: flavorStated(inst.Flavor),
		Image: inst.Image, ImageName: inst.ImageName, Unlocked: inst.Unlocked, Previous: previousStated(inst.Previous),
		Pool: inst.Pool, Key: keyStated(inst.Key), AllowDegraded: inst.AllowDegraded, ResidencyOverride: inst.ResidencyOverride,
		Accel: inst.Accel, Machine: inst.Machine, UUID: inst.UUID, Domain: inst.Domain, UID: inst.UID,
		Network: inst.Network, MAC: inst.MAC, Address: model.Text(inst.Address), Address6: model.Text(inst.Address6),
		PrefixLen: inst.PrefixLen, Gateway: model.Text(inst.Gateway), Nameservers: inst.Nameservers,
		Environment: environmentStated(inst.Environment), Exposed: portsStated(inst.Exposed),
		User: inst.User, AuthorizedKeys: inst.AuthorizedKeys, APINames: inst.APINames,
		HostKey: inst.HostKey, MachineID: inst.MachineID, Kernel: inst.Kernel, BootID: inst.BootID, Undecided: inst.Undecided,
		Parked: inst.Parked, Panics: inst.Panics, SeedAttached: inst.SeedAttached,
		ChecksPassed: inst.ChecksPassed, ChecksTotal: inst.ChecksTotal, CheckedAt: inst.CheckedAt, Unverified: inst.Unverified,
		Created: inst.Created, ReadyAt: inst.ReadyAt, ReadyAfter: int64(inst.ReadyAfter),
	}
}

func flavorStated(f model.Flavor) evidence.Flavor {
	return evidence.Flavor{
		Name: f.Name, VCPUs: f.VCPUs, MemoryMiB: f.MemoryMiB, DiskGiB: f.DiskGiB,
		Limits: evidence.FlavorLimits{
			CPUWeight: f.Limits.CPUWeight, CPUPercent: f.Limits.CPUPercent, IOPS: f.Limits.IOPS, IOPSBurst: f.Limits.IOPSBurst,
			MBps: f.Limits.MBps, MBpsBurst: f.Limits.MBpsBurst, BurstSeconds: f.Limits.BurstSeconds, NetMbit: f.Limits.NetMbit,
		},
	}
}

func previousStated(r *model.ImageRef) *evidence.ImageRef {
	if r == nil {
		return nil
	}
	return &evidence.ImageRef{Digest: r.Digest, Name: r.Name, Unlocked: r.Unlocked}
}

func keyStated(k *keys.Sealed) *evidence.SealedKey {
	if k == nil {
		return nil
	}
	return &evidence.SealedKey{ID: k.ID, By: k.By, Box: k.Box}
}

func portsStated(ports []model.Port) (all []evidence.Port) {
	for _, p := range ports {
		all = append(all, evidence.Port{Protocol: p.Protocol, Host: p.Host, Guest: p.Guest})
	}
	return all
}

func environmentStated(e model.Environment) evidence.Environment {
	return evidence.Environment{
		Nameservers: e.Nameservers, Search: e.Search, Certificates: e.Certificates, Mirrors: e.Mirrors,
		Proxy: evidence.Proxy{HTTP: e.Proxy.HTTP, HTTPS: e.Proxy.HTTPS, Not: e.Proxy.Not}, TimeServers: e.TimeServers,
	}
}

func tenantStated(t model.Tenant) evidence.Tenant {
	stated := evidence.Tenant{
		Name: t.Name, Residency: t.Residency, AuthorizedKeys: t.AuthorizedKeys, Created: t.Created,
		Quota: evidence.Resources{
			Instances: t.Quota.Instances, CPUs: t.Quota.CPUs, MemoryMiB: t.Quota.MemoryMiB, DiskGiB: t.Quota.DiskGiB,
		},
		Environment: environmentStated(t.Environment),
	}
	if n := t.Network; n != nil {
		stated.Network = &evidence.TenantNetwork{
			Subnet: model.Text(n.Subnet), Subnet6: model.Text(n.Subnet6),
			Bridge: n.Bridge, Internal: n.Internal, Egress: n.Egress,
		}
	}
	return stated
}

func poolStated(p model.Pool) *evidence.Pool {
	return &evidence.Pool{
		Name: p.Name, Path: p.Path, Backend: p.Backend, FSType: p.FSType, FSUUID: p.FSUUID, Require: p.Require, Overcommit: p.Overcommit,
		Health:       evidence.PoolHealth{Status: string(p.Health.Status), Why: p.Health.Why, Since: p.Health.Since, Told: p.Health.Told},
		PromisedPeak: p.PromisedPeak, UsedPeak: p.UsedPeak, Site: p.Site, Jurisdiction: p.Jurisdiction, Added: p.Added,
	}
}

func treeStated(t pools.Tree) *evidence.FileSystem {
	return &evidence.FileSystem{
		Path: t.Path, FSType: t.FSType, FSUUID: t.FSUUID, ReadOnly: t.ReadOnly, CapacityBytes: t.CapacityBytes, FreeBytes: t.FreeBytes,
		Device: deviceStated(t.Top),
	}
}

func deviceStated(d pools.Device) evidence.Device {
	stated := evidence.Device{
		Name: d.Name, Kind: string(d.Kind), SizeBytes: d.SizeBytes, Level: d.Level, Missing: d.Missing, Action: d.Action, Done: d.Done,
		Broken: d.Broken, Role: d.Role, Transport: d.Transport, Rotational: d.Rotational, WriteCache: d.WriteCache,
		DiscardBytes: d.DiscardBytes, Model: d.Model, Serial: d.Serial,
	}
	if h := d.Health; h != nil {
		stated.Health = &evidence.DriveHealth{
			CriticalWarning: h.CriticalWarning, PercentUsed: h.PercentUsed, SparePercent: h.SparePercent, SpareThreshold: h.SpareThreshold,
			MediaErrors: h.MediaErrors, Celsius: h.Celsius, State: h.Controller,
		}
	}
	for _, m := range d.Members {
		stated.Members = append(stated.Members, deviceStated(m))
	}
	return stated
}

func verdictStated(v verify.Verdict) evidence.Verdict {
	stated := evidence.Verdict{Results: []evidence.Result{}}
	for _, r := range v.Results {
		stated.Results = append(stated.Results, evidence.Result{
			ID: r.ID, Side: string(r.Side), Source: r.Source, Promise: r.Promise, Outcome: string(r.Outcome),
			Tried: r.Tried, Found: r.Found, Millis: r.Millis,
		})
	}
	return stated
}

func checkpointStated(c ledger.Checkpoint) evidence.Checkpoint {
	return evidence.Checkpoint{Host: c.Host, Time: c.Time, Seq: c.Seq, Head: c.Head}
}
