//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
)

// stubName is the image of guests that are ready as soon as their kernel runs, and do nothing: for tests that start many.
const stubName = "e2e-stub"

// stubs makes such images, of the kernel of the real one.
type stubs struct {
	initrd []byte
	kernel string
	like   map[string]any // the manifest of the real one
}

func newStubs(t *testing.T) *stubs {
	t.Helper()
	from := filepath.Join(stateDir, "images", "sha256", strings.TrimPrefix(image(t, stateDir).Digest, "sha256:"))
	s := &stubs{kernel: filepath.Join(from, "vmlinuz"), like: map[string]any{}}
	decode(t, readFile(t, filepath.Join(from, "manifest.json")), &s.like)
	s.initrd = stubInitrd(t, filepath.Join(from, "root.img"), s.like["kernel_version"].(string))
	return s
}

// stubInitrd has the program in it, and the two modules without which a kernel does not hear of its power button.
func stubInitrd(t *testing.T, root, kernel string) []byte {
	t.Helper()
	program := filepath.Join(t.TempDir(), "init")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./e2e/stub")
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the stub: %v\n%s", err, out)
	}
	mounted := t.TempDir()
	command(t, "mount", "-t", "erofs", "-o", "ro,loop", root, mounted)
	defer command(t, "umount", mounted)
	files := map[string][]byte{"init": []byte(readFile(t, program))}
	for _, module := range []string{"drivers/acpi/button", "drivers/input/evdev"} {
		packed := filepath.Join(mounted, "usr/lib/modules", kernel, "kernel", module+".ko.xz")
		content, err := exec.CommandContext(t.Context(), "xz", "-dc", packed).Output()
		if err != nil {
			t.Fatalf("unpack %s: %v", packed, err)
		}
		files["modules/"+filepath.Base(module)+".ko"] = content
	}
	var out bytes.Buffer
	archive := cpio.NewWriter(&out)
	add := func(h *cpio.Header, content []byte) {
		h.Size, h.Links = int64(len(content)), 1
		if err := archive.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"dev", "proc", "sys", "modules"} {
		add(&cpio.Header{Name: dir, Mode: cpio.TypeDir | 0o755}, nil)
	}
	for name, content := range files {
		add(&cpio.Header{Name: name, Mode: cpio.TypeReg | 0o755}, content)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// publish puts one of them into a state directory, at once, as a build does. What tells it from others of the name is its builder.
func (s *stubs) publish(state, builder string) (digest string, err error) {
	root := make([]byte, 1<<20)
	m := map[string]any{}
	maps.Copy(m, s.like)
	m["name"], m["builder"] = stubName, builder
	file := func(name string, content []byte) map[string]any {
		sum := sha256.Sum256(content)
		return map[string]any{"name": name, "sha256": hex.EncodeToString(sum[:]), "size": len(content)}
	}
	m["initrd"], m["root"] = file("initrd", s.initrd), file("root.img", root)
	content, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	kernel, err := os.ReadFile(s.kernel)
	if err != nil {
		return "", err
	}
	store := filepath.Join(state, "images", "sha256")
	if err := os.MkdirAll(store, 0o711); err != nil {
		return "", err
	}
	made, err := os.MkdirTemp(store, "stub-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(made) }()
	if err := os.Chmod(made, 0o711); err != nil {
		return "", err
	}
	for name, bytes := range map[string][]byte{"manifest.json": content, "initrd": s.initrd, "root.img": root, "vmlinuz": kernel} {
		if err := os.WriteFile(filepath.Join(made, name), bytes, 0o444); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	err = os.Rename(made, filepath.Join(store, name))
	if _, there := os.Stat(filepath.Join(store, name)); there == nil {
		err = nil // it was there before
	}
	return "sha256:" + name, err
}
