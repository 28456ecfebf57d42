package images

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/boot"
)

func TestAManifestReadsBackUnderItsDigest(t *testing.T) {
	m := exampleManifest("debian-13")
	m.Unlocked, m.Moved = true, []Move{{Name: "bash", Locked: "5.2.37-1", Now: "5.2.37-2+b3"}}
	content, digest, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	m.Digest = digest
	got, err := decode(content, digest)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("manifest (-encoded +decoded):\n%s", diff)
	}
	again, sameDigest, err := got.encode()
	if err != nil {
		t.Fatal(err)
	}
	if sameDigest != digest || string(again) != string(content) {
		t.Errorf("encoded again it is %s, not %s: the digest must not depend on itself", sameDigest, digest)
	}
	if strings.Contains(string(content), digest) {
		t.Error("the manifest's file holds its own digest")
	}
}

func TestEveryFieldOfAManifestMovesItsDigest(t *testing.T) {
	_, original, err := exampleManifest("debian-13").encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Manifest){
		"the kernel's hash":   func(m *Manifest) { m.Kernel.SHA256 = sumOf("other") },
		"the root hash":       func(m *Manifest) { m.RootHash = sumOf("other") },
		"the count of blocks": func(m *Manifest) { m.DataBlocks++ },
		"a package's version": func(m *Manifest) { m.Packages[0].Version += "1" },
		"that it is unlocked": func(m *Manifest) { m.Unlocked = true },
		"the builder":         func(m *Manifest) { m.Builder = "go1.27" },
	} {
		t.Run(name, func(t *testing.T) {
			m := exampleManifest("debian-13")
			change(&m)
			_, digest, err := m.encode()
			if err != nil {
				t.Fatal(err)
			}
			if digest == original {
				t.Error("the digest is the same")
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	encoded := func(change func(*Manifest)) []byte {
		m := exampleManifest("debian-13")
		change(&m)
		content, _, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	good := encoded(func(*Manifest) {})
	for name, c := range map[string]struct {
		content []byte
		digest  string // "" is that of the content
		says    string
	}{
		"another image's digest":          {good, "sha256:" + sumOf("another"), "has the digest sha256:"},
		"one byte more":                   {append(slices.Clip(good), '\n'), "sha256:" + sumOf(string(good)), "has the digest"},
		"what is not JSON":                {[]byte("kernel: vmlinuz"), "", "read the manifest"},
		"nothing":                         {nil, "", "read the manifest"},
		"a field that nobody knows":       {[]byte(`{"name":"debian-13","entrypoint":"/bin/sh"}`), "", "unknown field"},
		"a file outside of its folder":    {encoded(func(m *Manifest) { m.Root.Name = "../../../etc/shadow" }), "", `"../../../etc/shadow"`},
		"a file by an absolute path":      {encoded(func(m *Manifest) { m.Kernel.Name = "/boot/vmlinuz" }), "", `"/boot/vmlinuz"`},
		"its own file":                    {encoded(func(m *Manifest) { m.Initrd.Name = manifestFile }), "", manifestFile},
		"a hash of the wrong length":      {encoded(func(m *Manifest) { m.Kernel.SHA256 = "abc" }), "", kernelFile},
		"a hash in capitals":              {encoded(func(m *Manifest) { m.Kernel.SHA256 = strings.Repeat("A", 64) }), "", kernelFile},
		"no files":                        {[]byte(`{"name":"debian-13"}`), "", `names the file ""`},
		"a size that is no whole number":  {[]byte(`{"kernel":{"size":1.5}}`), "", "read the manifest"},
		"a list where a manifest belongs": {[]byte(`[]`), "", "read the manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			digest := c.digest
			if digest == "" {
				digest = "sha256:" + sumOf(string(c.content))
			}
			_, err := decode(c.content, digest)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
		})
	}
}

func TestTheCommandLineCarriesTheRootHashToTheGuest(t *testing.T) {
	m := exampleManifest("debian-13")
	args, err := boot.ParseArgs(m.Cmdline())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(boot.Args{DataBlocks: m.DataBlocks, RootHash: m.RootHash, Salt: m.Salt}, args); diff != "" {
		t.Errorf("what the guest reads (-manifest +guest):\n%s", diff)
	}
}

func TestTheKernelIsLockedDownFromItsFirstInstruction(t *testing.T) {
	words := strings.Fields(exampleManifest("debian-13").Cmdline())
	for _, want := range []string{"lockdown=integrity", "slab_nomerge", "vsyscall=none", "ia32_emulation=off", "debugfs=off", "page_alloc.shuffle=1"} {
		if !slices.Contains(words, want) {
			t.Errorf("no %s in %q", want, words)
		}
	}
}

func TestAnImagePromisesTheChecksOfItsProfilesAndNoOthers(t *testing.T) {
	got := promises([]string{"plain", "docker"})
	if len(got) != 2 || len(got["plain"]) == 0 || len(got["docker"]) <= len(got["plain"]) {
		t.Errorf("promises are %v", got)
	}
	for profile, ids := range got {
		if !slices.Contains(ids, "root-readonly") {
			t.Errorf("%s does not promise a read-only root: %v", profile, ids)
		}
	}
}

func TestMovesAreSaidInWords(t *testing.T) {
	for want, m := range map[string]Move{
		"bash 1 → 2":              {Name: "bash", Locked: "1", Now: "2"},
		"bash 1 is gone":          {Name: "bash", Locked: "1"},
		"bash 2 is new":           {Name: "bash", Now: "2"},
		"bash 1 has another hash": {Name: "bash", Locked: "1", Now: "1"},
	} {
		if got := m.String(); got != want {
			t.Errorf("%#v is %q, want %q", m, got, want)
		}
	}
}

func TestShortDigestOf(t *testing.T) {
	for digest, want := range map[string]string{
		"sha256:" + strings.Repeat("ab", 32): "sha256:abababababab",
		"sha256:abc":                         "sha256:abc",
		"":                                   "",
	} {
		if got := ShortDigest(digest); got != want {
			t.Errorf("ShortDigest(%q) is %q, want %q", digest, got, want)
		}
	}
}

// What is written in "image ls -o json" is what a script reads: the digest is there, although it is not in the file.
func TestAManifestInAListNamesItsDigest(t *testing.T) {
	m := exampleManifest("debian-13")
	m.Digest = "sha256:" + sumOf("x")
	content, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), m.Digest) {
		t.Errorf("no digest in %s", content)
	}
}
