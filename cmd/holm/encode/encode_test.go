package encode

import (
	"encoding/json"
	"strings"
	"testing"

	"holm/internal/wiretest"
)

// sample is a document of what the engine returns: with a value in each field, or with none.
type sample struct{ full, bare any }

// of encodes one that is full and one that is not.
func of[From, To any](encode func(From) To) sample {
	var full, bare From
	wiretest.Fill(&full)
	return sample{encode(full), encode(bare)}
}

func samples() map[string]sample {
	return map[string]sample{
		"InstanceBase": of(InstanceBase), "Instance": of(Instance), "InstanceList": of(InstanceList), "InstanceSummaries": of(InstanceSummaries),
		"ExposureList": of(ExposureList), "FlavorList": of(FlavorList), "InForce": of(InForce), "Tenant": of(Tenant), "TenantList": of(TenantList),
		"Pool": of(Pool), "PoolList": of(PoolList), "HostReport": of(HostReport), "Image": of(Image), "ImageList": of(ImageList),
		"OperationList": of(OperationList), "ClosedOperations": of(ClosedOperations), "EndedInstances": of(EndedInstances),
		"PausedInstances": of(PausedInstances), "RebuiltNetworks": of(RebuiltNetworks), "CheckCounts": of(CheckCounts),
		"CheckResults": of(CheckResults), "AuditEntries": of(AuditEntries), "SignedCheckpoint": of(SignedCheckpoint), "Stats": of(Stats),
		"CapabilitySubject": of(CapabilitySubject),
	}
}

func TestNoFieldOfADocumentIsForgotten(t *testing.T) {
	for name, s := range samples() {
		for _, field := range wiretest.Empty(s.full) {
			if name == "CapabilitySubject" && field == ".Advice" {
				continue // is no field of what the guest says
			}
			t.Errorf("%s: nothing is put into %s", name, field)
		}
	}
}

func TestAListIsAListIfAnEmptyOne(t *testing.T) {
	for name, s := range samples() {
		data, err := json.Marshal(s.bare)
		if err != nil || strings.Contains(string(data), "null") {
			t.Errorf("%s: %s (%v)", name, data, err)
		}
	}
}
