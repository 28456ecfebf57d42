// Package holm is the root of the source, and says which version that is. Nothing else belongs here.
package holm

import (
	_ "embed" // for the file VERSION
	"strings"
	"time"
)

//go:embed VERSION
var number string

// Number is the version that the source is, or, with "~dev" at its end, is on the way to: the file VERSION.
func Number() string { return strings.TrimSpace(number) }

// Version is the number for a release, and for what lies between two of them the number with the commit that it was built of, so
// that a later commit sorts behind an earlier one, as dpkg and people compare them. hack/version says the same of a working tree.
func Version(revision string, committed time.Time, modified bool) string {
	v := Number()
	if strings.HasSuffix(v, "~dev") && revision != "" {
		v += "+" + committed.UTC().Format("20060102150405") + ".g" + revision[:min(12, len(revision))]
	}
	if modified {
		v += "+modified"
	}
	return v
}
