package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/guest/report"
)

// put writes a file below root and makes the folders above it.
func put(t *testing.T, root, path, content string, mode os.FileMode) {
	t.Helper()
	file := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, root, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// ended is a context that leaves time for one try of everything.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no more time"))
	return ctx
}

// testBoard is a board of a guest that has a kernel and nothing else.
func testBoard() *board {
	return newBoard(func(r *report.Report) { r.Version, r.Kernel = report.Version, "6.12.1" })
}

// wantError wants an error that says something, or none for "".
func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("error is %v, want it to say %q", err, says)
	}
}

// tool is a program of the image: it notes its name and arguments in the file "ran", in one line, before it does more.
func tool(t *testing.T, root, path, script string) {
	t.Helper()
	t.Setenv("HOLM_TEST_ROOT", root)
	name := filepath.Base(path)
	put(t, root, path, "#!/bin/sh\nset -e\ncd \"$HOLM_TEST_ROOT\"\necho "+name+" \"$@\" >>ran\n"+script+"\n", 0o755)
}

// seeded is a guest after cloud-init: what the seed brought is there, and so are the programs and the kernel's files
// that it is applied with.
func seeded(t *testing.T) *Agent {
	t.Helper()
	a := &Agent{Root: t.TempDir()}
	put(t, a.Root, modulesFile, `{"load":["overlay","br_netfilter"],"lock":true}`, 0o644)
	put(t, a.Root, settingsFile, "# nobody's\nkernel.kptr_restrict = 2\n", 0o644)
	put(t, a.Root, firewallFile, `{"nftables":[]}`, 0o600)
	put(t, a.Root, moduleLock, "0\n", 0o644)
	put(t, a.Root, "/proc/sys/kernel/kptr_restrict", "0\n", 0o644)
	tool(t, a.Root, "/usr/sbin/modprobe", "")
	tool(t, a.Root, "/usr/sbin/nft", "")
	return a
}

// shortDir is a folder whose path leaves room for a socket's name; a test's name in it would not.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "holm") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
