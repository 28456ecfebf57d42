package rootfs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Python itself is the judge: the source has changed since, and is from another time, yet what was compiled is run.
func TestPythonBelievesFrozenBytecode(t *testing.T) {
	python := python(t)
	for name, c := range map[string]struct {
		freeze bool
		want   string
	}{
		"as compiled, it notices the new source": {false, "new"},
		"frozen, it runs what was compiled":      {true, "old"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			source := filepath.Join(root, "usr/lib/python3/holmtest.py")
			put(t, source, "print('old')\n")
			runPython(t, python, "-m", "compileall", "-q", filepath.Dir(source))
			put(t, source, "print('new')\n")
			if err := os.Chtimes(source, time.Time{}, time.Unix(1795132800, 0)); err != nil {
				t.Fatal(err)
			}
			if c.freeze {
				opened, err := os.OpenRoot(root)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = opened.Close() }()
				if err := FreezeBytecode(opened); err != nil {
					t.Fatal(err)
				}
			}
			got := runPython(t, python, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import holmtest", filepath.Dir(source))
			if got != c.want {
				t.Errorf("Python printed %q, want %q", got, c.want)
			}
		})
	}
}

func runPython(t *testing.T, python string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestWhatIsNoBytecodeIsRefusedByItsName(t *testing.T) {
	for name, content := range map[string]string{
		"nothing":          "",
		"fifteen bytes":    "\xa7\r\r\n56789012345",
		"no magic number":  strings.Repeat("x", 32),
		"text of any kind": "#!/usr/bin/python3\nprint('a script with an odd name')\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "usr/lib/odd.pyc"), content)
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = root.Close() }()
			if err := FreezeBytecode(root); err == nil || !strings.Contains(err.Error(), "usr/lib/odd.pyc") {
				t.Errorf("error is %v, want it to name the file", err)
			}
			if got := read(t, filepath.Join(dir, "usr/lib/odd.pyc")); got != content {
				t.Errorf("it was changed to %q", got)
			}
		})
	}
}
