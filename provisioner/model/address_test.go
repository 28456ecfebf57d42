package model

import (
	"encoding/json"
	"net/netip"
	"testing"
)

// What is stored, and what others read, looks as it did when addresses were texts.
func TestAddressesAreTextsInJSON(t *testing.T) {
	for want, value := range map[string]any{
		`{"address":"","prefix_len":0,"gateway":""}`: Instance{},
		`{"address":"10.77.0.10","address6":"fd00::a","prefix_len":24,"gateway":"10.77.0.1"}`: Instance{
			Address: netip.MustParseAddr("10.77.0.10"), Address6: netip.MustParseAddr("fd00::a"), PrefixLen: 24, Gateway: netip.MustParseAddr("10.77.0.1"),
		},
		`{}`:                         TenantNetwork{},
		`{"subnet":"10.200.0.0/24"}`: TenantNetwork{Subnet: netip.MustParsePrefix("10.200.0.0/24")},
		`{"lab_mode":false}`:         Host{},
		`{"lab_mode":false,"subnet":"10.78.0.0/24","address_pool":"10.0.0.0/8"}`: Host{
			Subnet: netip.MustParsePrefix("10.78.0.0/24"), AddressPool: netip.MustParsePrefix("10.0.0.0/8"),
		},
	} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"address", "address6", "prefix_len", "gateway", "subnet", "subnet6", "address_pool"} {
			if got[field] != wanted[field] {
				t.Errorf("%s is %v in %s, want %v", field, got[field], text, wanted[field])
			}
		}
	}
	var back Instance
	if err := json.Unmarshal([]byte(`{"address":""}`), &back); err != nil || back.Address.IsValid() {
		t.Errorf("no address is read as %s, %v", back.Address, err)
	}
}

func TestTextOfNoneIsEmpty(t *testing.T) {
	if got := Text(netip.Addr{}) + Text(netip.Prefix{}); got != "" {
		t.Errorf("it is %q", got)
	}
	if got := Text(netip.MustParseAddr("fd00::a")) + " " + Text(netip.MustParsePrefix("10.77.0.0/24")); got != "fd00::a 10.77.0.0/24" {
		t.Errorf("it is %q", got)
	}
}
