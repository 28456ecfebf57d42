package boot

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

const probed = 1 << 20

// volume is the start of a state volume with some bytes at an offset.
func volume(at int, content string) []byte {
	head := make([]byte, probed)
	copy(head[at:], content)
	return head
}

func TestOnlyAVolumeOfZerosIsBlank(t *testing.T) {
	for name, c := range map[string]struct {
		head []byte
		want Content
	}{
		"zeros":                              {volume(0, ""), Blank},
		"zeros and more behind":              {append(volume(0, ""), "far away"...), Blank},
		"one bit in the first byte":          {volume(0, "\x01"), Unknown},
		"one bit in the last byte":           {volume(probed-1, "\x80"), Unknown},
		"ext4's mark":                        {volume(0x438, "\x53\xef"), Ext4},
		"ext4's mark, turned around":         {volume(0x438, "\xef\x53"), Unknown},
		"half of ext4's mark":                {volume(0x438, "\x53"), Unknown},
		"ext4's mark in another place":       {volume(0x1438, "\x53\xef"), Unknown},
		"XFS":                                {volume(0, "XFSB"), Unknown},
		"LUKS":                               {volume(0, "LUKS\xba\xbe"), Unknown},
		"a partition table":                  {volume(510, "\x55\xaa"), Unknown},
		"swap":                               {volume(4086, "SWAPSPACE2"), Unknown},
		"btrfs":                              {volume(0x10040, "_BHRfS_M"), Unknown},
		"qcow2, passed through by mistake":   {volume(0, "QFI\xfb"), Unknown},
		"erofs: the root in state's place":   {volume(1024, "\xe2\xe1\xf5\xe0"), Unknown},
		"all ones, as a dying drive answers": {bytes.Repeat([]byte{0xff}, probed), Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Probe(bytes.NewReader(c.head))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("content is %d, want %d", got, c.want)
			}
		})
	}
}

func TestAVolumeThatCannotBeReadIsNotBlank(t *testing.T) {
	broken := errors.New("input/output error")
	for name, c := range map[string]struct {
		volume io.Reader
		want   error
	}{
		"an empty one":                {bytes.NewReader(nil), io.EOF},
		"one byte short":              {bytes.NewReader(make([]byte, probed-1)), io.ErrUnexpectedEOF},
		"one that breaks at once":     {iotest.ErrReader(broken), broken},
		"one that breaks in the way":  {io.MultiReader(bytes.NewReader(make([]byte, 4096)), iotest.ErrReader(broken)), broken},
		"one that comes in pieces":    {iotest.OneByteReader(bytes.NewReader(make([]byte, 1000))), io.ErrUnexpectedEOF},
		"a short one that looks good": {bytes.NewReader(volume(0x438, "\x53\xef")[:2048]), io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Probe(c.volume)
			if !errors.Is(err, c.want) || got != Unknown {
				t.Errorf("content is %d, error is %v, want %d and %v", got, err, Unknown, c.want)
			}
		})
	}
}

func TestWhatMke2fsMakesIsExt4(t *testing.T) {
	mke2fs := tool(t, "mke2fs")
	disk := filepath.Join(t.TempDir(), "state")
	blank(t, disk)
	if got := probeFile(t, disk); got != Blank {
		t.Fatalf("a new file is %d, want %d", got, Blank)
	}
	out, err := exec.CommandContext(t.Context(), mke2fs, "-q", "-t", "ext4", "-F", disk).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := probeFile(t, disk); got != Ext4 {
		t.Errorf("after mke2fs it is %d, want %d", got, Ext4)
	}
}

func TestWhatOtherToolsMakeIsLeftAlone(t *testing.T) {
	for name, args := range map[string][]string{
		"swap":  {"mkswap"},
		"xfs":   {"mkfs.xfs", "-q"},
		"btrfs": {"mkfs.btrfs", "-q"},
	} {
		t.Run(name, func(t *testing.T) {
			program := tool(t, args[0])
			disk := filepath.Join(t.TempDir(), "state")
			blank(t, disk)
			out, err := exec.CommandContext(t.Context(), program, append(args[1:], disk)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := probeFile(t, disk); got != Unknown {
				t.Errorf("content is %d, want %d", got, Unknown)
			}
		})
	}
}

// prepare must not come as far as mke2fs, which needs the root to be mounted.
func TestAForeignVolumeIsRefused(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(disk, volume(0, "XFSB"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := prepare(t.Context(), disk); err == nil || !strings.Contains(err.Error(), "refusing to format it") {
		t.Errorf("error is %v", err)
	}
	if err := prepare(t.Context(), disk+"-none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a disk: error is %v", err)
	}
}

// blank makes a sparse file as large as any of the tools wants it.
func blank(t *testing.T, disk string) {
	t.Helper()
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 512<<20); err != nil {
		t.Fatal(err)
	}
}

func probeFile(t *testing.T, disk string) Content {
	t.Helper()
	f, err := os.Open(disk)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	content, err := Probe(f)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// tool finds a program that only root has on PATH, or leaves the test out and says so.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/bin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	t.Skipf("left out: this machine has no %s", name)
	return ""
}
