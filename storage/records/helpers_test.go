package records

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// raw changes the file behind the store's back.
func raw(t *testing.T, store *Bolt, fn func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(store.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(fn); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func setLabMode(t *testing.T, store *Bolt) {
	t.Helper()
	if _, err := store.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil }); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func cut(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// garbage leaves the two pages that bbolt has checksums of, and spoils all others.
func garbage(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(content[8192:], bytes.Repeat([]byte{0xa5}, len(content)-8192))
	put(t, path, content)
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files in %s (-want +got):\n%s", dir, diff)
	}
}

// startAs prepares a child that lists the store as the user nobody.
func startAs(t *testing.T, binary, path string) *exec.Cmd {
	t.Helper()
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Dir = "/"
	cmd.Env = []string{childEnv + "=read", pathEnv + "=" + path}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}
