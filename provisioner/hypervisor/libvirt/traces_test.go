package libvirt

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWhatLibvirtWroteDownOfADomainGoesAndWhatItWroteOfOthersStays(t *testing.T) {
	logs, runs := t.TempDir(), t.TempDir()
	gone := []string{
		"holm.acme.web.log", "holm.acme.web.log.0", "holm.acme.web.log.1", "holm.acme.web.log.2.gz", "holm.acme.web.log-20261130.xz",
	}
	stay := []string{
		"holm.acme.web.log.log", "holm.acme.web.logs", "holm.acme.web2.log", "holm.acme.we.log", "xholm.acme.web.log", "holm-acme.web.log", "holm.acme.web.log.new",
	}
	for _, name := range slices.Concat(gone, stay) {
		if err := os.WriteFile(filepath.Join(logs, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	others := []string{"domain-3-holm.acme.web2", "domain-3-holm.acme.w", "domain-x-holm.acme.web", "domain-4-holm.acme.a-long-na", "save"}
	for _, name := range append(others, "domain-3-holm.acme.web", "domain-12-holm.acme.web") {
		if err := os.MkdirAll(filepath.Join(runs, name, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"holm.acme.web", "holm.acme.web", "holm.acme.a-long-name"} {
		if err := removeTracesIn(logs, runs, name); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string][]string{logs: stay, runs: others} {
		var have []string
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			have = append(have, e.Name())
		}
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Errorf("what is left is %q, want %q", have, want)
		}
	}
	if err := removeTracesIn(filepath.Join(logs, "none"), filepath.Join(runs, "none"), "x"); err != nil {
		t.Errorf("where libvirt has written nothing: %v", err)
	}
}
