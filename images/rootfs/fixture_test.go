package rootfs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
)

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

// Python returns a Python 3, wherever the machine has it.
func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("left out: whether Python believes the frozen bytecode; %v", err)
	}
	return path
}
