package volumes_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/volumes"
)

const id = "0123456789ab"

// needQEMU leaves the test out, and says why, where the program is missing that the package stands on.
func needQEMU(t *testing.T) {
	t.Helper()
	if _, err := run.Look("qemu-img"); err != nil {
		t.Skipf("%v: %s", err, fault.RemedyOf(err))
	}
}

func TestAQcow2VolumeIsMadeAsMeant(t *testing.T) {
	needQEMU(t)
	dir := t.TempDir()
	if err := open(t, volumes.Qcow2, dir).Create(t.Context(), id, 20, nil); err != nil {
		t.Fatal(err)
	}
	out, err := run.Command(t.Context(), "qemu-img", "info", "--output=json", filepath.Join(dir, id+".qcow2"))
	if err != nil {
		t.Fatal(err)
	}
	type data struct {
		LazyRefcounts bool `json:"lazy-refcounts"`
		Corrupt       bool `json:"corrupt"`
	}
	type described struct {
		Format   string `json:"format"`
		Size     int64  `json:"virtual-size"`
		Backing  string `json:"backing-filename"`
		Specific struct {
			Data data `json:"data"`
		} `json:"format-specific"`
	}
	var got described
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := described{Format: "qcow2", Size: 20 << 30}
	want.Specific.Data.LazyRefcounts = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("qemu-img info (-want +got):\n%s", diff)
	}
}

func TestVolumesLieWhereTheyBelong(t *testing.T) {
	for name, tc := range map[string]struct {
		in   volumes.Backend
		want volumes.Disk
	}{
		"qcow2 in a pool":     {open(t, volumes.Qcow2, "/srv/holm"), volumes.Disk{Path: "/srv/holm/0123456789ab.qcow2", Format: "qcow2"}},
		"raw in a pool":       {open(t, volumes.Reflink, "/srv/holm"), volumes.Disk{Path: "/srv/holm/0123456789ab.raw", Format: "raw"}},
		"the state directory": {volumes.OpenState("/var/lib/holm"), volumes.Disk{Path: "/var/lib/holm/instances/0123456789ab/state.qcow2", Format: "qcow2"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.in.Disk(id)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ kind, path, want string }{
		"another backend":   {"zfs", "/srv/holm", `there is no backend "zfs"`},
		"a relative path":   {volumes.Qcow2, "v", `volume folder "v" is not an absolute, clean path`},
		"an option":         {volumes.Qcow2, "-o", `volume folder "-o" is not an absolute, clean path`},
		"a protocol":        {volumes.Reflink, "nbd:host:1", `volume folder "nbd:host:1" is not an absolute, clean path`},
		"a way up":          {volumes.Qcow2, "/srv/../v", `volume folder "/srv/../v" is not an absolute, clean path`},
		"the root":          {volumes.Qcow2, "/", `volume folder "/" is not an absolute, clean path`},
		"no path":           {volumes.Reflink, "", `volume folder "" is not an absolute, clean path`},
		"a newline in path": {volumes.Qcow2, "/v\n", `volume folder "/v\n" is not an absolute, clean path`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := volumes.Open(tc.kind, tc.path)
			if err == nil || err.Error() != tc.want || fault.KindOf(err) != fault.Usage {
				t.Fatalf("error is %v, want %s", err, tc.want)
			}
		})
	}
}

func TestAPoolThatIsNotMountedIsNotAnEmptyOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none", "holm")
	for _, kind := range []string{volumes.Qcow2, volumes.Reflink} {
		b := open(t, kind, dir)
		_, usage := b.Usage(t.Context(), id)
		_, list := b.List(t.Context())
		for what, err := range map[string]error{
			"prepare": b.Prepare(t.Context()), "create": b.Create(t.Context(), id, 1, nil), "clone": b.Clone(t.Context(), id, "ffffffffffff"),
			"remove": b.Remove(t.Context(), id), "usage": usage, "grow": b.Grow(t.Context(), id, 2, false), "list": list,
		} {
			if want := "the folder of volumes " + dir + " is not there"; err == nil || err.Error() != want || fault.KindOf(err) != fault.Unfit {
				t.Errorf("%s, %s: error is %v, want %s", kind, what, err, want)
			}
		}
	}
}

func TestInTheStateDirectoryAVolumeThatIsGoneIsGone(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if err := volumes.OpenState(dir).Remove(t.Context(), id); err != nil {
			t.Errorf("remove in %s: %v", dir, err)
		}
	}
}

func open(t *testing.T, kind, path string) volumes.Backend {
	t.Helper()
	b, err := volumes.Open(kind, path)
	if err != nil {
		t.Fatal(err)
	}
	return b
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

func TestRemoveTakesWhatBelongsToTheVolumeAndNoMore(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{id + ".qcow2", "." + id + ".qcow2.new-123", id + ".qcow2.mine", id + ".raw", "ffffffffffff.qcow2"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to remove
		if err := open(t, volumes.Qcow2, dir).Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		wantNames(t, dir, id+".qcow2.mine", id+".raw", "ffffffffffff.qcow2")
	}
}

// A link that leads out of its folder opens nothing; one that leads to a neighbour within it must not either.
func TestALinkToAnotherVolumeIsNoVolume(t *testing.T) {
	dir := t.TempDir()
	b := open(t, volumes.Qcow2, dir)
	const neighbour = "ffffffffffff"
	if err := b.Create(t.Context(), neighbour, 1, []byte("a passphrase of the neighbour's volume")); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, neighbour+".qcow2"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(neighbour+".qcow2", filepath.Join(dir, id+".qcow2")); err != nil {
		t.Fatal(err)
	}
	if err := b.Wipe(t.Context(), id); err != nil {
		t.Error(err)
	}
	if lent, err := b.Lent(t.Context(), id); lent || err != nil {
		t.Errorf("%v, %v", lent, err)
	}
	if err := b.Lend(t.Context(), id, []byte("a passphrase of the neighbour's volume"), []byte("one of thirty-two bytes and more")); err == nil {
		t.Error("a link was lent")
	}
	if after, err := os.ReadFile(filepath.Join(dir, neighbour+".qcow2")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the neighbour's volume was changed (%v)", err)
	}
}
