package residency

import (
	"slices"
	"strings"
	"testing"

	"holm/internal/fault"
)

func TestARuleAllowsWhatItNamesAndDoubtNothing(t *testing.T) {
	for _, c := range []struct {
		rule, place string
		want        bool
	}{
		{"", "", true},
		{"", "US", true},
		{"NO", "NO", true},
		{"NO", "SE", false},
		{"NO", "", false},
		{"NO,SE", "SE", true},
		{"EU", "DE", true},
		{"EU", "NO", false},
		{"EEA", "NO", true},
		{"EEA", "DE", true},
		{"EEA", "CH", false},
		{"EEA", "GB", false},
		{"EEA", "", false},
	} {
		rule, err := ParseRule(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := Allows(rule, c.place); got != c.want {
			t.Errorf("rule %q, place %q: %v, want %v", c.rule, c.place, got, c.want)
		}
	}
}

func TestEveryCountryOfAGroupIsOne(t *testing.T) {
	for name, words := range groups {
		for _, word := range words {
			if groups[word] != nil {
				continue
			}
			if _, err := ParseJurisdiction(word); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if len(groups["EU"]) != 27 || len(groups["EEA"]) != 4 {
		t.Errorf("the EU has %d members, the EEA %d besides", len(groups["EU"]), len(groups["EEA"])-1)
	}
}

func TestPlacesThatThereAreNotAreRefused(t *testing.T) {
	for _, bad := range []string{"", "no", "NOR", "578", "XX", "ZZ", "UK", "EU", "NO\n", "N", "150", strings.Repeat("N", 1000)} {
		if _, err := ParseJurisdiction(bad); fault.KindOf(err) != fault.Usage {
			t.Errorf("jurisdiction %.20q: %v", bad, err)
		}
	}
	for _, bad := range []string{"NO,XX", "eea", "NO;SE"} {
		if _, err := ParseRule(bad); fault.KindOf(err) != fault.Usage {
			t.Errorf("rule %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "no-osl1", "-NO", "NO-", "NO OSL", "NO\nOSL", strings.Repeat("N", 33)} {
		if _, err := ParseSite(bad); fault.KindOf(err) != fault.Usage {
			t.Errorf("site %.20q: %v", bad, err)
		}
	}
	if rule, err := ParseRule(" SE, NO,,SE"); err != nil || !slices.Equal(rule, []string{"NO", "SE"}) {
		t.Errorf("rule %q, %v", rule, err)
	}
}
