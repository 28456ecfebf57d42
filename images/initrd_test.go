package images

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"
)

// exampleDep is as depmod writes it: all that a module needs, the deepest last.
const exampleDep = `kernel/drivers/misc/pvpanic/pvpanic-mmio.ko.xz: kernel/drivers/misc/pvpanic/pvpanic.ko.xz
kernel/drivers/misc/pvpanic/pvpanic.ko.xz:
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz kernel/drivers/virtio/virtio.ko.xz
kernel/drivers/virtio/virtio_ring.ko.xz: kernel/drivers/virtio/virtio.ko.xz
kernel/drivers/virtio/virtio.ko.xz:
kernel/drivers/md/dm-verity.ko.xz: kernel/drivers/md/dm-bufio.ko.xz kernel/drivers/md/dm-mod.ko.xz
kernel/drivers/md/dm-bufio.ko.xz: kernel/drivers/md/dm-mod.ko.xz
kernel/drivers/md/dm-mod.ko.xz:
kernel/fs/erofs/erofs.ko: kernel/lib/libcrc32c.ko
kernel/lib/libcrc32c.ko:
kernel/fs/overlayfs/overlay.ko:
kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz kernel/drivers/virtio/virtio.ko.xz
`

// modulesDir makes the modules of exampleDep, each with its own path as its content.
func modulesDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "modules.dep"), exampleDep)
	for line := range strings.Lines(exampleDep) {
		module, _, _ := strings.Cut(line, ":")
		content := module
		if strings.HasSuffix(module, ".xz") {
			content = packed(t, []byte(module))
		}
		put(t, filepath.Join(dir, module), content)
	}
	return dir
}

func packed(t *testing.T, content []byte) string {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err == nil {
		_, err = w.Write(content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	dir := modulesDir(t)
	for name, c := range map[string]struct{ wanted, order []string }{
		"nothing":             {nil, nil},
		"one that needs none": {[]string{"overlay"}, []string{"overlay.ko"}},
		"a chain":             {[]string{"virtio_blk"}, []string{"virtio.ko.xz", "virtio_ring.ko.xz", "virtio_blk.ko.xz"}},
		"two chains that meet, each module once": {
			[]string{"virtio_blk", "virtio_net"},
			[]string{"virtio.ko.xz", "virtio_ring.ko.xz", "virtio_blk.ko.xz", "virtio_net.ko.xz"},
		},
		"one that was wanted first and is needed later": {
			[]string{"dm-mod", "dm-verity"},
			[]string{"dm-mod.ko.xz", "dm-bufio.ko.xz", "dm-verity.ko.xz"},
		},
		"the same twice": {[]string{"overlay", "overlay"}, []string{"overlay.ko"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := moduleOrder(dir, c.wanted)
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, module := range got {
				files = append(files, filepath.Base(module))
			}
			if diff := cmp.Diff(c.order, files); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAModuleThatIsMissingIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		dep, want string
	}{
		"from the list":                 {"kernel/fs/erofs/erofs.ko:\nrubbish\n", `no module "pvpanic-mmio"`},
		"from the list, but for a part": {"kernel/pvpanic-mmio-extra.ko:\n", `no module "pvpanic-mmio"`},
		"from the folder":               {exampleDep, "pvpanic.ko.xz: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "modules.dep"), c.dep)
			err := writeInitrd(io.Discard, dir, []byte("init"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
	if err := writeInitrd(io.Discard, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "list of modules") {
		t.Errorf("without modules.dep: error is %v", err)
	}
}

func TestAModuleThatCannotBeUnpackedIsRefused(t *testing.T) {
	const limit = 8 << 10
	for name, c := range map[string]struct{ file, content, want string }{
		"rubbish":               {"x.ko.xz", "rubbish", "unpack x.ko.xz"},
		"the end cut off":       {"x.ko.xz", packed(t, bytes.Repeat([]byte("module"), 1000))[:60], "unpack x.ko.xz"},
		"packed in another way": {"x.ko.zst", "zstd", "x.ko.zst is packed"},
		"a byte over the limit": {"x.ko.xz", packed(t, make([]byte, limit+1)), "more than 8192 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), c.file)
			put(t, file, c.content)
			if _, err := readModule(file, limit); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestAModuleOfExactlyTheLimitIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.ko.xz")
	put(t, file, packed(t, make([]byte, 100)))
	if content, err := readModule(file, 100); err != nil || len(content) != 100 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

type entry struct {
	Name, Content string
	Mode          cpio.FileMode
}

func TestTheInitrdHoldsTheFirstProgramAndUnpackedModules(t *testing.T) {
	const dir, exec, plain = cpio.TypeDir | 0o755, cpio.TypeReg | 0o755, cpio.TypeReg | 0o644
	want := []entry{
		{"dev", "", dir},
		{"proc", "", dir},
		{"sys", "", dir},
		{"run", "", dir},
		{"modules", "", dir},
		{"sysroot", "", dir},
		{"init", "the program", exec},
		{"modules/00-pvpanic.ko", "kernel/drivers/misc/pvpanic/pvpanic.ko.xz", plain},
		{"modules/01-pvpanic-mmio.ko", "kernel/drivers/misc/pvpanic/pvpanic-mmio.ko.xz", plain},
		{"modules/02-virtio.ko", "kernel/drivers/virtio/virtio.ko.xz", plain},
		{"modules/03-virtio_ring.ko", "kernel/drivers/virtio/virtio_ring.ko.xz", plain},
		{"modules/04-virtio_blk.ko", "kernel/drivers/block/virtio_blk.ko.xz", plain},
		{"modules/05-dm-mod.ko", "kernel/drivers/md/dm-mod.ko.xz", plain},
		{"modules/06-dm-bufio.ko", "kernel/drivers/md/dm-bufio.ko.xz", plain},
		{"modules/07-dm-verity.ko", "kernel/drivers/md/dm-verity.ko.xz", plain},
		{"modules/08-libcrc32c.ko", "kernel/lib/libcrc32c.ko", plain},
		{"modules/09-erofs.ko", "kernel/fs/erofs/erofs.ko", plain},
		{"modules/10-overlay.ko", "kernel/fs/overlayfs/overlay.ko", plain},
	}
	var first, second bytes.Buffer
	if err := writeInitrd(&first, modulesDir(t), []byte("the program")); err != nil {
		t.Fatal(err)
	}
	if err := writeInitrd(&second, modulesDir(t), []byte("the program")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("written twice, the initrd is not the same")
	}
	var got []entry
	archive := cpio.NewReader(&first)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Guid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s belongs to %d:%d and is of %v, want root's and of the epoch", h.Name, h.Uid, h.Guid, h.ModTime)
		}
		got = append(got, entry{h.Name, string(content), h.Mode})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("initrd (-want +got):\n%s", diff)
	}
}

func TestAnInitrdThatCannotBeWrittenIsAnError(t *testing.T) {
	full := errors.New("no space left on device")
	dir := modulesDir(t)
	for _, room := range []int{0, 1, 109, 115, 700, 800, 1000, 1500} {
		if err := writeInitrd(&disk{room: room, full: full}, dir, []byte("init")); !errors.Is(err, full) {
			t.Fatalf("with room for %d bytes: error is %v, want %v", room, err, full)
		}
	}
}

// disk takes some bytes and no more.
type disk struct {
	room int
	full error
}

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	if n < len(p) {
		return n, d.full
	}
	return n, nil
}
