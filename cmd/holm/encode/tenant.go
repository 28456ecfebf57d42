package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

// TenantList is any number of tenants.
func TenantList(all []tenants.View) v1.TenantList { return v1.TenantList{Tenants: list(all, Tenant)} }

// Tenant is one, and what its instances have.
func Tenant(v tenants.View) v1.Tenant {
	t := v1.Tenant{
		Name: v.Name, Quota: resources(v.Quota), Residency: v.Residency, AuthorizedKeys: v.AuthorizedKeys,
		Environment: Environment(v.Environment), Created: utc(v.Created), Used: resources(v.Used), UID: v.UID, InForce: InForce(v.InForce),
	}
	if n := v.Network; n != nil {
		t.Network = &v1.TenantNetwork{
			Subnet: model.Text(n.Subnet), Subnet6: model.Text(n.Subnet6),
			Bridge: n.Bridge, Internal: n.Internal, Egress: n.Egress,
		}
	}
	return t
}

func resources(r model.Resources) v1.Resources {
	return v1.Resources{Instances: r.Instances, CPUs: r.CPUs, MemoryMiB: r.MemoryMiB, DiskGiB: r.DiskGiB}
}
