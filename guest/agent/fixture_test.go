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

// wantCheck compares what a check found with a part of what it should say.
func wantCheck(t *testing.T, got report.Check, id string, ok bool, found string) {
	t.Helper()
	if got.ID != id || got.OK != ok || !strings.Contains(got.Found, found) {
		t.Errorf("check is %+v, want %s, ok %v, that found %q", got, id, ok, found)
	}
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
