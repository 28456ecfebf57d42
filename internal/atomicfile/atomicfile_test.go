package atomicfile_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/atomicfile"
)

// childEnv makes the test binary a process that writes half a file, says so, and waits to be killed.
const childEnv = "HOLM_ATOMICFILE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		dieInTheMiddle(path)
	}
	m.Run()
}

func dieInTheMiddle(path string) {
	_ = atomicfile.Write(path, 0o600, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of the new con")
		_, _ = io.WriteString(os.Stdout, "halfway\n")
		select {} // killed here
	})
}

func TestWriteReplacesTheWholeFile(t *testing.T) {
	for name, tc := range map[string]struct {
		old     string
		content string
		mode    os.FileMode
	}{
		"a new file":                          {content: "new", mode: 0o600},
		"an old file that was longer":         {old: strings.Repeat("old", 1000), content: "new", mode: 0o644},
		"an empty file":                       {old: "old", content: "", mode: 0o600},
		"a mode that the umask would narrow":  {content: "new", mode: 0o666},
		"a file that its owner can only read": {old: "old", content: "new", mode: 0o400},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if tc.old != "" {
				put(t, path, tc.old)
			}
			if err := atomicfile.WriteBytes(path, tc.mode, []byte(tc.content)); err != nil {
				t.Fatal(err)
			}
			wantContent(t, path, tc.content)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != tc.mode {
				t.Errorf("mode is %v, want %v", info.Mode().Perm(), tc.mode)
			}
			wantNames(t, filepath.Dir(path), "file")
		})
	}
}

func TestCreateMakesAWholeFileAndReplacesNone(t *testing.T) {
	dir := t.TempDir()
	path, boom := filepath.Join(dir, "file"), errors.New("boom")
	write := func(content string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, content)
			return errors.Join(failed, err)
		}
	}
	if err := atomicfile.Create(path, 0o600, write("half", boom)); !errors.Is(err, boom) {
		t.Errorf("error is %v, want the writer's", err)
	}
	wantNames(t, dir)
	if err := atomicfile.Create(path, 0o600, write("first", nil)); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Create(path, 0o600, write("second", nil)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error is %v, want fs.ErrExist", err)
	}
	// One that is made while the other is written stays as well.
	late := filepath.Join(dir, "late")
	err := atomicfile.Create(late, 0o600, func(w io.Writer) error {
		put(t, late, "first")
		return write("second", nil)(w)
	})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error is %v, want fs.ErrExist", err)
	}
	wantContent(t, path, "first")
	wantContent(t, late, "first")
	wantNames(t, dir, "file", "late")
}

func TestWriteThatFailsLeavesTheOldFileAndNothingElse(t *testing.T) {
	boom := errors.New("boom")
	for name, write := range map[string]func(io.Writer) error{
		"before the first byte": func(io.Writer) error { return boom },
		"in the middle": func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("x", 1<<20))
			return errors.Join(err, boom)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			put(t, path, "old")
			err := atomicfile.Write(path, 0o600, write)
			if !errors.Is(err, boom) {
				t.Fatalf("error is %v, want it to wrap the writer's", err)
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("error %q does not name the file", err)
			}
			wantContent(t, path, "old")
			wantNames(t, filepath.Dir(path), "file")
		})
	}
}

func TestWriteThatCannotRenameRemovesItsTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.MkdirAll(filepath.Join(path, "occupied"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.WriteBytes(path, 0o600, []byte("new")); err == nil {
		t.Fatal("writing over a directory succeeded")
	}
	wantNames(t, dir, "file")
}

func TestWriteIntoAMissingDirectoryFails(t *testing.T) {
	err := atomicfile.WriteBytes(filepath.Join(t.TempDir(), "none", "file"), 0o600, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error is %v, want fs.ErrNotExist", err)
	}
}

func TestWriteReplacesASymbolicLinkAndNotItsTarget(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	put(t, target, "precious")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.WriteBytes(link, 0o600, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, target, "precious")
	wantContent(t, link, "new")
}

func TestAProcessKilledInTheMiddleLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "old")

	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "halfway\n" {
		t.Fatalf("the child said %q (%v)", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed", as intended

	wantContent(t, path, "old")
	if err := atomicfile.WriteBytes(path, 0o600, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "new")
}

func TestWritersAtOnceLeaveOneOfTheirContents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	contents := make(map[string]bool)
	var wg sync.WaitGroup
	for i := range 8 {
		content := strings.Repeat(fmt.Sprint(i), 100_000)
		contents[content] = true
		wg.Go(func() {
			if err := atomicfile.WriteBytes(path, 0o600, []byte(content)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !contents[string(got)] {
		t.Errorf("the file holds a mixture of %d bytes", len(got))
	}
	wantNames(t, filepath.Dir(path), "file")
}

func TestSyncDirOfAMissingDirectoryFails(t *testing.T) {
	if err := atomicfile.SyncDir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error is %v, want fs.ErrNotExist", err)
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("content of %s (-want +got):\n%s", path, diff)
	}
}

func wantNames(t *testing.T, dir string, want ...string) {
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
