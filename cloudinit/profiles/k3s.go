package profiles

import (
	"cmp"
	"slices"

	"holm/internal/fault"
)

// Where k3s looks for its files; policies outside of these folders are named in its configuration.
const (
	k3sConfigPath = "/etc/rancher/k3s/config.yaml"
	k3sServerDir  = "/var/lib/rancher/k3s/server"
	k3sPSAPath    = k3sServerDir + "/psa.yaml"
	k3sAuditPath  = k3sServerDir + "/audit.yaml"
	k3sManifests  = k3sServerDir + "/manifests"
	k3sAuditLog   = k3sServerDir + "/logs/audit.log"

	// k3sFileMode is for root alone: what an audit leaves out, and what a cluster admits, is nobody else's business.
	k3sFileMode = 0o600
)

// exemptNamespace is the one namespace that k3s's own pods live in; the policies for pods do not hold there.
const exemptNamespace = "kube-system"

// k3sFiles returns what the k3s profile adds to the files of all profiles, sorted by path: the configuration of k3s, of
// the API server's admission and audit, and the policies that k3s applies when it starts. Errors are faults of kind
// Usage: a node needs its hostname and its address.
func k3sFiles(p Params) ([]File, error) {
	if p.Hostname == "" || !p.Address.IsValid() {
		return nil, fault.New(fault.Usage, "give the instance a name and an address",
			"the k3s profile needs a hostname and an address: got %q and %s", p.Hostname, p.Address)
	}
	drafts := []draft{
		k3sDraft(k3sConfigPath, "What k3s starts with: no part that is not needed, secrets encrypted, the API hardened.", newK3sConfig(p)),
		k3sDraft(k3sPSAPath, "Pod Security Standards \"restricted\" from the first second, and a limit on events.", newK3sAdmission()),
		k3sDraft(k3sAuditPath, "What is written into the audit log: who did what, and never a secret's body.", newK3sAudit()),
		{k3sManifests + "/holm-digest.yaml", k3sFileMode, "Images by digest only.", digestPolicy().encode},
		{k3sManifests + "/holm-guarded.yaml", k3sFileMode, "No pod before the network policies of its namespace.", guardedPolicy().encode},
		{
			k3sManifests + "/holm-labels.yaml", k3sFileMode, "The labels that loosen these rules are for administrators only.",
			labelsPolicy().encode,
		},
	}
	slices.SortFunc(drafts, func(a, b draft) int { return cmp.Compare(a.path, b.path) })
	return filesOf(drafts)
}

func k3sDraft[T any](path, purpose string, doc T) draft {
	return draft{path, k3sFileMode, purpose, func() ([]byte, error) { return encodeKube(doc) }}
}
