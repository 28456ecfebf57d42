package tenants

import (
	"strings"
	"unicode"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/residency"
)

// maxReason is the longest reason for an override, in bytes.
const maxReason = 200

// CheckResidency holds where an instance runs, and where its volume lies, against the rule of its tenant; the zero pool is the state
// directory. An instance that was made with a reason to be elsewhere keeps it.
func CheckResidency(tenant model.Tenant, inst model.Instance, host model.Host, pool model.Pool) error {
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
		return fault.New(fault.ResidencyUnknown, "say where it is: "+see,
			"data of tenant %q may lie in %s only, and nobody has said where %s is", fault.Tenant(tenant.Name), rule, what)
	}
	return fault.New(fault.ResidencyViolated, "use another host or pool      or, with a reason that is recorded: --residency-override REASON",
		"data of tenant %q may lie in %s only, and %s is in %s", fault.Tenant(tenant.Name), rule, what, jurisdiction).
		With(fault.Places(jurisdiction))
}

// RecheckResidency is CheckResidency for an instance that there is: its tenant's rule may be another one by now.
func RecheckResidency(set model.Settings, inst model.Instance) error {
	tenant, _ := set.Tenant(inst.Tenant) // one without a record has no rule
	pool, _ := set.Pool(inst.Pool)
	return CheckResidency(tenant, inst, set.Host, pool)
}

// ValidateReason keeps a reason to one short line.
func ValidateReason(text string) error {
	if len(text) > maxReason || strings.ContainsFunc(text, unicode.IsControl) || text != "" && strings.TrimSpace(text) == "" {
		return fault.New(fault.Usage, "", "reason %s is not allowed: use one line of 1 to %d bytes", model.Quoted(text), maxReason)
	}
	return nil
}
