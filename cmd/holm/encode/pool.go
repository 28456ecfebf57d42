package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/instances"
	"holm/provisioner/pools"
	drives "holm/storage/pools"
)

// PoolList is any number of pools.
func PoolList(all []pools.View) v1.PoolList { return v1.PoolList{Pools: list(all, Pool)} }

// PoolsChecked is what came of a look at pools, and of what they had paused.
func PoolsChecked(all []pools.View, stopped []instances.Paused) v1.PoolsChecked {
	return v1.PoolsChecked{Pools: list(all, Pool), Paused: list(stopped, paused)}
}

// Pool is one, and what it stands on.
func Pool(v pools.View) v1.Pool {
	p := v1.Pool{
		Name: v.Name, Path: v.Path, Backend: v.Backend, FSType: v.FSType, FSUUID: v.FSUUID, Require: v.Require, Overcommit: v.Overcommit,
		Health:       v1.PoolHealth{Status: string(v.Health.Status), Why: v.Health.Why, Since: utc(v.Health.Since), Told: v.Health.Told},
		PromisedPeak: v.PromisedPeak, UsedPeak: v.UsedPeak, Site: v.Site, Jurisdiction: v.Jurisdiction, Added: utc(v.Added),
		CapacityBytes: v.CapacityBytes, FreeBytes: v.FreeBytes, UsedBytes: v.UsedBytes, PromisedBytes: v.PromisedBytes,
		Instances: v.Instances, Warnings: v.Warnings,
	}
	if t := v.Tree; t != nil {
		p.Tree = &v1.FileSystem{
			Path: t.Path, FSType: t.FSType, FSUUID: t.FSUUID, ReadOnly: t.ReadOnly, CapacityBytes: t.CapacityBytes, FreeBytes: t.FreeBytes,
			Device: device(t.Top),
		}
	}
	return p
}

func device(d drives.Device) v1.Device {
	return v1.Device{
		Name: d.Name, Kind: d.Kind, SizeBytes: d.SizeBytes, Level: d.Level, Missing: d.Missing, Action: d.Action, Done: d.Done,
		Broken: d.Broken, Role: d.Role, Transport: d.Transport, Rotational: d.Rotational, WriteCache: d.WriteCache,
		DiscardBytes: d.DiscardBytes, Model: d.Model, Serial: d.Serial, Health: driveHealth(d.Health), Members: some(d.Members, device),
	}
}

func driveHealth(h *drives.Health) *v1.DriveHealth {
	if h == nil {
		return nil
	}
	return &v1.DriveHealth{
		CriticalWarning: h.CriticalWarning, PercentUsed: h.PercentUsed, SparePercent: h.SparePercent, SpareThreshold: h.SpareThreshold,
		MediaErrors: h.MediaErrors, Celsius: h.Celsius, State: h.Controller,
	}
}
