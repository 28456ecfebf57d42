//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is stated of a real instance holds on a machine that has nothing but the program, and fails when it was touched.
func TestEvidenceIsCheckedWithoutTheHost(t *testing.T) {
	needWeb(t)
	dir := t.TempDir()
	keep := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	made := []byte(holm("evidence", web).must(t))
	file := keep("web.json", made)
	elsewhere := filepath.Join(dir, "nothing") // no records, no key, no libvirt is asked
	var checkpoint struct{ Key string }
	decode(t, holm("audit", "checkpoint", "-o", "json").must(t), &checkpoint)
	shown := holm("evidence", "verify", file, "--key", checkpoint.Key).in(elsewhere).must(t)
	v := show(t, web)
	for _, want := range []string{"signature\tholds\n", "instance\tdefault/" + web + " " + v.ID + "\n", v.Image, " 0 failed, 0 inconclusive"} {
		if !strings.Contains(shown, want) {
			t.Errorf("it does not state %q:\n%s", want, shown)
		}
	}
	if o := holm("evidence", "verify", file).in(elsewhere).run(t); o.code != 8 || !strings.Contains(o.stderr, "nobody said whose key it has to be") {
		t.Errorf("signed by whoever it names: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	for at := 0; at < len(made); at += 997 {
		bad := bytes.Clone(made)
		bad[at] ^= 1
		refusal{code: 8, says: "bad.json"}.check(t, holm("evidence", "verify", keep("bad.json", bad), "--key", checkpoint.Key).in(elsewhere))
	}
	if _, err := os.Stat(elsewhere); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("checking left something: %v", err)
	}
}

func TestTheAuditLogOfRealWorkIsWholeAndItsExportHolds(t *testing.T) {
	needWeb(t)
	holm("audit", "verify").must(t)
	dir := t.TempDir()
	export := holm("audit", "export").must(t)
	good, bad := filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "cut.jsonl")
	cut := strings.SplitAfter(export, "\n")
	for path, content := range map[string]string{good: export, bad: strings.Join(append(cut[:len(cut)-4:len(cut)-4], cut[len(cut)-2]), "")} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	holm("audit", "verify", good, "--any-key").must(t)
	refusal{code: 8, says: "entries are missing"}.check(t, holm("audit", "verify", bad))
}
