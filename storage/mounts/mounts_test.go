package mounts_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/storage/mounts"
)

// host is a made-up one with systemd, which notes what it is told.
func host(t *testing.T) (mounts.Systemd, *[]string) {
	t.Helper()
	root, told := t.TempDir(), &[]string{}
	for _, dir := range []string{"run/systemd/system", "etc/systemd/system"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return mounts.Systemd{Root: root, Run: func(_ context.Context, name string, args ...string) ([]byte, error) {
		*told = append(*told, name+" "+strings.Join(args, " "))
		return nil, nil
	}}, told
}

func TestUnitsAreNamedAsSystemdNamesThem(t *testing.T) {
	for path, want := range map[string]string{
		"/srv/holm": "srv-holm.mount", "/": "-.mount", "/srv/a-b": `srv-a\x2db.mount`, "/.hidden": `\x2ehidden.mount`,
		"/srv/.x": "srv-.x.mount", "/srv/ä b": `srv-\xc3\xa4\x20b.mount`,
	} {
		if got := mounts.UnitName(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		if out, err := exec.Command("systemd-escape", "--path", "--suffix=mount", path).Output(); err == nil && strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: systemd-escape says %s, want %s", path, out, want)
		}
	}
}

func TestInstancesWaitForThePoolsMount(t *testing.T) {
	s, _ := host(t)
	for range 2 {
		if err := s.Order("fast", "/srv/a-b"); err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{"holm-resume.service.d/pool-fast.conf", "holm-shutdown.service.d/pool-fast.conf"}
	for i, path := range paths {
		paths[i] = filepath.Join(s.Root, "/etc/systemd/system", path)
		got, err := os.ReadFile(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		if want := "[Unit]\nAfter=srv-a\\x2db.mount\nWants=srv-a\\x2db.mount\n"; string(got) != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	for range 2 {
		if err := s.Unorder("fast"); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range paths {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("it is still there: %v", err)
		}
	}
}

func TestAMountIsWrittenAndMountedAndTakenBack(t *testing.T) {
	s, told := host(t)
	m := mounts.Mount{What: "/dev/disk/by-uuid/1-2", Where: "/srv/holm", Type: "xfs", For: "Pool fast of holm"}
	if err := s.Add(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(s.UnitPath("/srv/holm"))
	if err != nil {
		t.Fatal(err)
	}
	want := "[Install]\nWantedBy=local-fs.target\n" +
		"[Mount]\nWhat=/dev/disk/by-uuid/1-2\nWhere=/srv/holm\nType=xfs\nOptions=noatime\n[Unit]\nDescription=Pool fast of holm\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if err := s.Add(t.Context(), m); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	for range 2 {
		if err := s.Remove(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(*told, []string{
		"systemctl daemon-reload", "systemctl --quiet enable --now srv-holm.mount",
		"systemctl --quiet disable --now srv-holm.mount", "systemctl daemon-reload",
	}) {
		t.Errorf("systemd was told %q", *told)
	}
}

func TestAHostWithoutSystemdMountsAndNoMore(t *testing.T) {
	s, told := host(t)
	if err := os.RemoveAll(filepath.Join(s.Root, "run")); err != nil {
		t.Fatal(err)
	}
	m := mounts.Mount{What: "/dev/md/fast", Where: "/srv/holm", Type: "xfs", For: "x"}
	if err := errors.Join(s.Order("fast", "/srv"), s.Add(t.Context(), m), s.Remove(t.Context(), m)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(*told, []string{"mount -t xfs /dev/md/fast /srv/holm", "umount /srv/holm"}) {
		t.Errorf("run was %q", *told)
	}
	if left, err := os.ReadDir(filepath.Join(s.Root, "etc/systemd/system")); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}
