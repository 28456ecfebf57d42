package tenants

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/residency"
	"holm/storage/records"
)

// maxReason is the longest reason for an override, in bytes.
const maxReason = 200

// CheckResidency holds where an instance runs, and where its volume lies, against the rule of its tenant. An instance that was made
// with a reason to be elsewhere keeps it.
func (svc *Service) CheckResidency(ctx context.Context, tenant model.Tenant, inst model.Instance) error {
	if len(tenant.Residency) == 0 || inst.ResidencyOverride != "" {
		return nil
	}
	host, err := svc.Records.Host(ctx)
	if err != nil {
		return err
	}
	pool, err := svc.Pools.PoolOf(ctx, inst)
	if err != nil {
		return err
	}
	if pool == nil {
		pool = &model.Pool{}
	}
	return CheckResidencyIn(tenant, inst, host, *pool)
}

// CheckResidencyIn is mayLie with the host and the pool as they are known; the zero pool is the state directory.
func CheckResidencyIn(tenant model.Tenant, inst model.Instance, host model.Host, pool model.Pool) error {
	if len(tenant.Residency) == 0 || inst.ResidencyOverride != "" {
		return nil
	}
	err := residencyAllows(tenant, "this host", host.Jurisdiction, "holm host set --jurisdiction CC")
	if err != nil || pool.Jurisdiction == "" {
		return err // without one of its own it is in the host
	}
	return residencyAllows(tenant, "pool "+pool.Name, pool.Jurisdiction, "holm pool ls")
}

func residencyAllows(tenant model.Tenant, what, jurisdiction, see string) error {
	if residency.Allows(tenant.Residency, jurisdiction) {
		return nil
	}
	rule := strings.Join(tenant.Residency, ", ")
	if jurisdiction == "" {
		return fault.New(fault.Refused, "say where it is: "+see,
			"data of tenant %q may lie in %s only, and nobody has said where %s is", tenant.Name, rule, what)
	}
	return fault.New(fault.Refused, "use another host or pool      or, with a reason that is recorded: --residency-override REASON",
		"data of tenant %q may lie in %s only, and %s is in %s", tenant.Name, rule, what, jurisdiction)
}

// RecheckResidency is mayLie for an instance that there is: its tenant's rule may be another one by now.
func (svc *Service) RecheckResidency(ctx context.Context, inst model.Instance) error {
	tenant, err := svc.Records.Tenant(ctx, inst.Tenant)
	if errors.Is(err, records.ErrNotFound) {
		return nil // one without a record has no rule
	}
	if err != nil {
		return err
	}
	return svc.CheckResidency(ctx, tenant, inst)
}

// ValidateReason keeps a reason to one short line.
func ValidateReason(text string) error {
	if len(text) > maxReason || strings.ContainsFunc(text, unicode.IsControl) || text != "" && strings.TrimSpace(text) == "" {
		return fault.New(fault.Usage, "", "reason %s is not allowed: use one line of 1 to %d bytes", model.Quoted(text), maxReason)
	}
	return nil
}
