package network

import (
	"strings"
	"testing"
)

// A network's metadata may be anybody's: who is not named in holm's own name space has no network of holm's.
func FuzzOwner(f *testing.F) {
	f.Add(`<holm:network xmlns:holm="https://holm.invalid/xmlns/network/1"><holm:state>/var/lib/holm</holm:state></holm:network>`)
	f.Add(`<network><state>/var/lib/holm</state></network>`)
	f.Add(`</metadata><network xmlns="https://holm.invalid/xmlns/network/1"/>`)
	f.Fuzz(func(t *testing.T, metadata string) {
		got := OwnerOf(metadata)
		if got.State != "" && !got.Holm || got.Holm && !strings.Contains(metadata, "holm") && !strings.Contains(metadata, "&") {
			t.Errorf("%q is %+v", metadata, got)
		}
	})
}
