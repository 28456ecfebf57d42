// Package residency decides where a tenant's data may lie: by the jurisdiction that the operator says a place is in, held
// against the rule that the tenant was given. Doubt is a refusal. A label is the operator's word: no software can prove it.
package residency

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"holm/internal/fault"
)

// groups are names for several countries, as of 2026. Sources: Article 52 TEU with the accession treaties; EEA Agreement.
var groups = map[string][]string{
	"EU": {
		"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
		"NL", "PL", "PT", "RO", "SE", "SI", "SK",
	},
	"EEA": {"EU", "IS", "LI", "NO"},
}

var sitePattern = regexp.MustCompile(`^[A-Z0-9]([A-Z0-9-]{0,30}[A-Z0-9])?$`)

// ParseSite checks the name of a place, such as "NO-OSL1".
func ParseSite(text string) (string, error) {
	if !sitePattern.MatchString(text) {
		return "", fault.New(fault.Usage, "", `site %.40q is not allowed: use 1 to 32 of A-Z, 0-9 and "-", such as NO-OSL1`, text)
	}
	return text, nil
}

// ParseJurisdiction checks the code of one country, ISO 3166-1 alpha-2.
func ParseJurisdiction(text string) (string, error) {
	region, err := language.ParseRegion(text)
	if err != nil || !region.IsCountry() || region.Canonicalize().String() != text || len(text) != 2 {
		return "", fault.New(fault.Usage, "use the two capital letters of a country, such as NO", "there is no jurisdiction %.40q", text)
	}
	return text, nil
}

// ParseRule reads where data may lie: countries, and EU or EEA, such as "NO,SE" or "EEA". It comes back sorted.
func ParseRule(text string) ([]string, error) {
	var rule []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		if groups[word] == nil {
			if _, err := ParseJurisdiction(word); err != nil {
				return nil, err
			}
		}
		rule = append(rule, word)
	}
	slices.Sort(rule)
	return slices.Compact(rule), nil
}

// Allows tells whether data under a rule may lie in a jurisdiction. No rule allows every place, and no known jurisdiction
// is allowed by no rule.
func Allows(rule []string, jurisdiction string) bool {
	if len(rule) == 0 {
		return true
	}
	if jurisdiction == "" {
		return false
	}
	for _, word := range rule {
		if word == jurisdiction || groups[word] != nil && Allows(groups[word], jurisdiction) {
			return true
		}
	}
	return false
}
