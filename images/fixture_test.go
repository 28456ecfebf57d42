package images

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"holm/internal/fault"
	"holm/internal/run"
)

// sumOf is a hash to fill in where any will do.
func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func exampleLock() Lock {
	return Lock{
		Name: "debian-13", Suite: "trixie", Epoch: 1795132800, Wanted: []string{"bash", "libc6"},
		Packages: map[string]Pin{
			"bash":  {Version: "5.2.37-2+b3", SHA256: sumOf("bash")},
			"libc6": {Version: "2.41-12", SHA256: sumOf("libc6")},
		},
	}
}

func exampleManifest(name string) Manifest {
	return Manifest{
		Name: name, Suite: "trixie", Inputs: sumOf("inputs of " + name), Epoch: time.Unix(1795132800, 0).UTC(),
		Profiles: []string{"plain", "docker"}, Builder: "go1.26.0",
		Kernel:        File{Name: kernelFile, SHA256: sumOf("kernel"), Size: 6},
		KernelVersion: "6.12.1-cloud-amd64",
		Initrd:        File{Name: initrdFile, SHA256: sumOf("initrd"), Size: 6},
		Root:          File{Name: rootFile, SHA256: sumOf("root"), Size: 4},
		RootHash:      sumOf("tree"), DataBlocks: 7, Salt: "-",
		Packages: []Package{{Name: "bash", Version: "5.2.37-2+b3", SHA256: sumOf("bash")}},
	}
}

// examplePayload stands for the guest's files, which a fresh clone has not built yet.
func examplePayload() payload {
	return payload{
		init: []byte("init"), agent: []byte("agent"),
		files: fstest.MapFS{
			"etc/sysctl.d/60-holm.conf": {Data: []byte("kernel.dmesg_restrict=1\n")},
			"usr/lib/holm/masked-units": {Data: []byte("getty@tty1.service\n")},
		},
		links: map[string]string{"etc/systemd/system/sysinit.target.wants/holm-agent.service": "/usr/lib/systemd/system/holm-agent.service"},
	}
}

// newStore returns a store whose folders are there.
func newStore(t *testing.T) *Store {
	t.Helper()
	s := Open(filepath.Join(t.TempDir(), "images"))
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	return s
}

// stage makes the files of an image, "kernel", "initrd" and a root disk of that content, in a scratch folder of the store, as a build does.
func stage(t *testing.T, s *Store, m *Manifest, root string) string {
	t.Helper()
	out := filepath.Join(s.dir, scratchPrefix+"build-test", "image")
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := makePassage(out); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[*File]string{&m.Kernel: "kernel", &m.Initrd: "initrd", &m.Root: root} {
		made, err := writeImageFile(out, file.Name, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		*file = made
	}
	return out
}

// add publishes an image with the content "kernel", "initrd" and "root".
func add(t *testing.T, s *Store, m Manifest) Manifest {
	t.Helper()
	out := stage(t, s, &m, "root")
	published, err := s.publish(t.Context(), out, m)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

// Put writes a file and makes the folders above it.
func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// spoil changes a file of an image in place, as a dying disk does.
func spoil(t *testing.T, file string, change func([]byte) []byte) {
	t.Helper()
	content := change([]byte(read(t, file)))
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func flipLastBit(content []byte) []byte {
	content[len(content)-1] ^= 1
	return content
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// WantFault expects a fault of that kind that says so.
func wantFault(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok:
		t.Errorf("error is %v, want a fault that says %q", err, says)
	case f.Kind() != kind:
		t.Errorf("kind of %q is %d, want %d", f, f.Kind(), kind)
	case !strings.Contains(f.Error(), says):
		t.Errorf("error is %q, want it to say %q", f, says)
	case strings.Contains(f.Error(), "\n"):
		t.Errorf("error %q has more than one line", f)
	case len(f.Remedies) == 0:
		t.Errorf("error %q names no remedy", f)
	}
}

// need leaves the test out, and says so, where a program is missing.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := run.Look(program); err != nil {
			t.Skipf("left out: %v", err)
		}
	}
}
