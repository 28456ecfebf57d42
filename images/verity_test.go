package images

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"holm/guest/boot"
	"holm/internal/run"
)

const exampleEpoch = 1795132800

// smallRoot makes a small tree whose time stamps are those of now, as a build's are.
func smallRoot(t *testing.T, when time.Time) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "etc/os-release"), "ID=debian\n")
	put(t, filepath.Join(dir, "usr/bin/big"), strings.Repeat("0123456789abcdef", 64<<10))
	put(t, filepath.Join(dir, "empty"), "")
	if err := os.Symlink("usr/bin", filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etc/os-release", "usr/bin/big", "usr/bin", "usr", "etc", "empty", "."} {
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type rootImage struct {
	file, hash string
	blocks     uint64
}

func made(t *testing.T, when time.Time) rootImage {
	t.Helper()
	need(t, "mkfs.erofs", "veritysetup")
	r := rootImage{file: filepath.Join(t.TempDir(), rootFile)}
	var err error
	if r.hash, r.blocks, err = makeRoot(t.Context(), hostErofs, smallRoot(t, when), r.file, exampleEpoch); err != nil {
		t.Fatal(err)
	}
	return r
}

// judge lets veritysetup compare the root with its hash tree, as the guest's kernel will, block by block.
func (r rootImage) judge(t *testing.T, hash string) error {
	t.Helper()
	_, err := run.Command(t.Context(), "veritysetup", "verify", "--no-superblock", "--hash=sha256", "--salt=-",
		"--data-blocks="+strconv.FormatUint(r.blocks, 10),
		"--hash-offset="+strconv.FormatUint(r.blocks*boot.BlockSize, 10), r.file, r.file, hash)
	return err
}

func TestTheSameTreeGivesTheSameRoot(t *testing.T) {
	first := made(t, time.Unix(1_800_000_000, 0))
	second := made(t, time.Unix(1_900_000_000, 0))
	if first.hash != second.hash || first.blocks != second.blocks {
		t.Errorf("root hash %s of %d blocks, then %s of %d", first.hash, first.blocks, second.hash, second.blocks)
	}
	if read(t, first.file) != read(t, second.file) {
		t.Error("the bytes differ")
	}
}

func TestVeritysetupAcceptsTheRootAndNoAlteredOne(t *testing.T) {
	r := made(t, time.Unix(1_800_000_000, 0))
	if err := r.judge(t, r.hash); err != nil {
		t.Fatalf("the root as it was made: %v", err)
	}
	if err := r.judge(t, sumOf("another")); err == nil {
		t.Error("it is accepted under another root hash")
	}
	size := int64(r.blocks) * boot.BlockSize
	for name, at := range map[string]int64{
		"in the first block": 1024, "in the middle": size / 2, "the last byte of the data": size - 1, "in the hash tree": size + 5,
	} {
		t.Run(name, func(t *testing.T) {
			flip(t, r.file, at)
			defer flip(t, r.file, at)
			if err := r.judge(t, r.hash); err == nil {
				t.Errorf("a flipped bit at byte %d is accepted", at)
			}
		})
	}
	if err := r.judge(t, r.hash); err != nil {
		t.Errorf("the root with all bits flipped back: %v", err)
	}
}

func flip(t *testing.T, file string, at int64) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestARootThatCannotBeMadeSaysWhichProgramFailed(t *testing.T) {
	need(t, "mkfs.erofs", "veritysetup")
	_, _, err := makeRoot(t.Context(), hostErofs, filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), rootFile), exampleEpoch)
	if err == nil || !strings.Contains(err.Error(), "mkfs.erofs") {
		t.Errorf("error is %v", err)
	}
}

// hostErofs packs with the host's program: the trees of these tests have none.
func hostErofs(ctx context.Context, dir, file string, epoch int64) error {
	_, err := run.Command(ctx, "mkfs.erofs", append(erofsOptions(epoch), file, dir)...)
	return err
}

// assemble is the whole of a build behind the installation of packages.
func TestTheSameInstalledSystemGivesTheSameImage(t *testing.T) {
	need(t, "mkfs.erofs", "veritysetup")
	var digests []string
	for _, when := range []int64{1_800_000_000, 1_900_000_000} {
		s := newStore(t)
		root, out := rootTree(t), filepath.Join(s.dir, scratchPrefix+"image")
		modules := filepath.Join(root, "usr/lib/modules/6.12.1-cloud-amd64")
		if err := os.CopyFS(modules, os.DirFS(modulesDir(t))); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, "var/log/dpkg.log"), time.Unix(when, 0).String())
		m := exampleManifest("debian-13")
		var phases []string
		err := assemble(t.Context(), tools{pack: hostErofs}, root, out, examplePayload(), &m, func(phase string, _, _ int64) { phases = append(phases, phase) })
		if err != nil {
			t.Fatal(err)
		}
		if len(phases) == 0 {
			t.Error("nobody was told how far it is")
		}
		m, err = s.publish(t.Context(), out, m)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(t.Context(), m.Digest, nil); err != nil {
			t.Error(err)
		}
		if got := read(t, s.Path(m, m.Kernel)); got != "kernel" || m.KernelVersion != "6.12.1-cloud-amd64" {
			t.Errorf("kernel %q of version %q", got, m.KernelVersion)
		}
		digests = append(digests, m.Digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("built twice, the image is %s, then %s", digests[0], digests[1])
	}
}
