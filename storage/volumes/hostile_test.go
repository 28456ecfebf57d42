package volumes

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holm/internal/run"
)

const (
	hostileID  = "0123456789ab"
	hostileKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	lentKey    = "6f6e65206f6e65206f6e65206f6e65206f6e65206f6e65206f6e65206f6e6520"
)

// made is a folder with one volume of 1 GiB, and the file of that.
func made(t *testing.T, kind string, key []byte) (Backend, string) {
	t.Helper()
	if _, err := run.Look("qemu-img"); err != nil {
		t.Skipf("left out: %v", err)
	}
	f := folder{dir: t.TempDir(), format: raw()}
	if kind == Qcow2 {
		f.format = qcow2()
	}
	if err := f.Create(t.Context(), hostileID, 1, key); err != nil {
		t.Fatal(err)
	}
	return f, f.Disk(hostileID).Path
}

func patch(t *testing.T, path string, at int64, text []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt(text, at); err != nil {
		t.Fatal(err)
	}
}

func word64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
func word32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// TestAHeaderThatAGuestsQEMUHasWrittenLeadsNowhere: the first two made root's qemu-img write to, and open, another file.
func TestAHeaderThatAGuestsQEMUHasWrittenLeadsNowhere(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path, victim string){
		"an external data file": func(t *testing.T, path, victim string) {
			patch(t, path, incompatAt, word64(1<<2))
			patch(t, path, extensionsAt, append(append(word32(0x44415441), word32(uint32(len(victim)))...), victim...)) // #nosec G115 -- short
		},
		"a backing file": func(t *testing.T, path, victim string) {
			patch(t, path, 8, append(word64(4096), word32(uint32(len(victim)))...)) // #nosec G115 -- short
			patch(t, path, 4096, []byte(victim))
		},
		"an unknown feature":       func(t *testing.T, path, _ string) { patch(t, path, incompatAt, word64(1<<63)) },
		"one that is corrupt":      func(t *testing.T, path, _ string) { patch(t, path, incompatAt, word64(2)) },
		"snapshots":                func(t *testing.T, path, _ string) { patch(t, path, 60, word32(1)) },
		"an odd size":              func(t *testing.T, path, _ string) { patch(t, path, sizeAt, word64(511)) },
		"no size":                  func(t *testing.T, path, _ string) { patch(t, path, sizeAt, word64(0)) },
		"a size that is a hole":    func(t *testing.T, path, _ string) { patch(t, path, sizeAt, word64(1<<63)) },
		"a table outside the file": func(t *testing.T, path, _ string) { patch(t, path, 40, word64(1<<40)) },
		"a table in the header":    func(t *testing.T, path, _ string) { patch(t, path, 40, word64(0)) },
		"a table at an odd place":  func(t *testing.T, path, _ string) { patch(t, path, 40, word64(3<<16+8)) },
		"a table without an end":   func(t *testing.T, path, _ string) { patch(t, path, 36, word32(1<<32-1)) },
		"counts outside the file":  func(t *testing.T, path, _ string) { patch(t, path, 48, word64(1<<62)) },
		"an unknown extension":     func(t *testing.T, path, _ string) { patch(t, path, extensionsAt, append(word32(7), word32(8)...)) },
		"extensions without end": func(t *testing.T, path, _ string) {
			patch(t, path, extensionsAt, append(word32(featureNames), word32(1<<32-1)...))
		},
		"a header without an end": func(t *testing.T, path, _ string) { patch(t, path, 100, word32(1<<32-8)) },
		"another version":         func(t *testing.T, path, _ string) { patch(t, path, 4, word32(2)) },
	} {
		for what, key := range map[string][]byte{"plain": nil, "encrypted": []byte(hostileKey)} {
			t.Run(name+", "+what, func(t *testing.T) {
				b, path := made(t, Qcow2, key)
				victim := filepath.Join(t.TempDir(), "victim")
				if err := os.WriteFile(victim, []byte("it belongs to somebody else"), 0o600); err != nil {
					t.Fatal(err)
				}
				spoil(t, path, victim)
				before, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Grow(t.Context(), hostileID, 3, key != nil); err == nil || strings.Contains(err.Error(), "\n") {
					t.Errorf("it grew: %v", err)
				}
				if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
					t.Errorf("something was written to it: %v", err)
				}
				if content, err := os.ReadFile(victim); err != nil || string(content) != "it belongs to somebody else" {
					t.Errorf("another file is %q now: %v", content, err)
				}
				_ = b.Lend(t.Context(), hostileID, []byte(hostileKey), []byte(lentKey))
				if err := b.Revoke(t.Context(), hostileID); err != nil {
					t.Errorf("it cannot be locked: %v", err)
				}
				if err := b.Wipe(t.Context(), hostileID); err != nil {
					t.Errorf("it cannot be wiped: %v", err)
				}
				if err := b.Remove(t.Context(), hostileID); err != nil {
					t.Errorf("it cannot be removed: %v", err)
				}
			})
		}
	}
}

// TestAPlaceOutsideTheFileOpensNothing: a LUKS header at 1<<63 kept an instance from ever being removed.
func TestAPlaceOutsideTheFileOpensNothing(t *testing.T) {
	for _, at := range []uint64{0, 1, 1 << 16, 1 << 30, 1<<63 - 1, 1 << 63, 1<<64 - 1<<16} {
		for _, length := range []uint64{0, 1, 4 << 20, 1 << 32, 1 << 63, 1<<64 - 1} {
			b, path := made(t, Qcow2, []byte(hostileKey))
			patch(t, path, extensionsAt+8, append(word64(at), word64(length)...))
			_ = b.Lend(t.Context(), hostileID, []byte(hostileKey), []byte(lentKey))
			if err := b.Revoke(t.Context(), hostileID); err != nil {
				t.Errorf("%#x, %#x: revoke: %v", at, length, err)
			}
			if err := b.Wipe(t.Context(), hostileID); err != nil {
				t.Errorf("%#x, %#x: wipe: %v", at, length, err)
			}
			if err := b.Remove(t.Context(), hostileID); err != nil {
				t.Errorf("%#x, %#x: remove: %v", at, length, err)
			}
		}
	}
	for _, cut := range []int64{0, 100, 4096, 300 << 10} {
		b, path := made(t, Reflink, []byte(hostileKey))
		if err := os.Truncate(path, cut); err != nil {
			t.Fatal(err)
		}
		if err := b.Lend(t.Context(), hostileID, []byte(hostileKey), []byte(lentKey)); err == nil {
			t.Errorf("%d bytes: something was lent", cut)
		}
		if err := b.Wipe(t.Context(), hostileID); err != nil {
			t.Errorf("%d bytes: wipe: %v", cut, err)
		}
	}
}

// TestWhatOpensAVolumeIsOverwritten: blocks that are given back keep what is in them until somebody else writes there.
func TestWhatOpensAVolumeIsOverwritten(t *testing.T) {
	for kind, format := range map[string]string{Qcow2: "qcow2", Reflink: "raw"} {
		_, path := made(t, kind, []byte(hostileKey))
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		header, err := headerOf(file, format)
		if err != nil || header.Length == 0 {
			t.Fatalf("%s: %+v, %v", kind, header, err)
		}
		if err := eraseHeader(file, format); err != nil {
			t.Fatal(err)
		}
		left := make([]byte, header.Length)
		if _, err := file.ReadAt(left, int64(header.At)); err != nil {
			t.Fatal(err)
		}
		if at := slices.IndexFunc(left, func(b byte) bool { return b != 0 }); at >= 0 {
			t.Errorf("%s: at byte %d the header is as it was", kind, at)
		}
	}
}

// TestAVolumeGrowsPastItsTable: QEMU finds nothing wrong with what holm makes of a file's first table, wherever that has to lie.
func TestAVolumeGrowsPastItsTable(t *testing.T) {
	for what, key := range map[string][]byte{"plain": nil, "encrypted": []byte(hostileKey)} {
		t.Run(what, func(t *testing.T) {
			b, path := made(t, Qcow2, key)
			secret := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(secret, []byte(hostileKey), 0o600); err != nil {
				t.Fatal(err)
			}
			args := func(more ...string) []string {
				opts := "driver=qcow2,file.filename=" + path
				if key != nil {
					opts += ",encrypt.key-secret=s"
				}
				return append([]string{"--object", "secret,id=s,format=raw,file=" + secret}, append(more, "--image-opts", opts)...)
			}
			qemu := func(name string, args []string) {
				t.Helper()
				if out, err := run.Command(t.Context(), name, args...); err != nil || strings.Contains(string(out), "failed") || strings.Contains(string(out), "ERROR") {
					t.Fatalf("%s: %v: %s", name, err, out)
				}
			}
			qemu("qemu-io", args("-c", "write -P 0x5a 1023M 1M"))
			for _, gib := range []int{2, 4 << 10, 5 << 10, 16 << 10} {
				if err := b.Grow(t.Context(), hostileID, gib, key != nil); err != nil {
					t.Fatal(err)
				}
				if used, err := b.Usage(t.Context(), hostileID); err != nil || used.VirtualBytes != int64(gib)<<30 {
					t.Errorf("%d GiB: %+v, %v", gib, used, err)
				}
				last := (int64(gib)<<10 - 1) << 20
				at := func(verb string) string { return verb + " " + strconv.FormatInt(last, 10) + " 1M" }
				// The first to open it counts anew where the table was moved; who only checks would call that an error.
				qemu("qemu-io", args("-c", at("write -P 0x33"), "-c", "read -P 0x5a 1023M 1M", "-c", at("read -P 0x33")))
				qemu("qemu-img", append([]string{"check"}, args()...))
			}
		})
	}
}

// FuzzQcow2Header: whatever a guest's QEMU writes there, what is taken from it lies in the file.
func FuzzQcow2Header(f *testing.F) {
	dir := f.TempDir()
	seed := func(key []byte) []byte {
		b := folder{dir: dir, format: qcow2()}
		if err := b.Create(f.Context(), hostileID, 1, key); err != nil {
			f.Skipf("left out: %v", err)
		}
		content, err := os.ReadFile(b.Disk(hostileID).Path)
		if err != nil {
			f.Fatal(err)
		}
		if err := b.Remove(f.Context(), hostileID); err != nil {
			f.Fatal(err)
		}
		return content[:512]
	}
	for _, key := range [][]byte{nil, []byte(hostileKey)} {
		whole := seed(key)
		f.Add(whole, int64(5<<20))
		for _, at := range []int{8, 16, 20, 24, 31, 32, 36, 40, 47, 48, 60, 72, 96, 100, 112, 116, 120, 128} {
			changed := bytes.Clone(whole)
			changed[at] ^= 0x81
			f.Add(changed, int64(5<<20))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, size int64) {
		size = min(max(size, 0), 1<<50)
		file := sparse{text, size}
		h, err := readQcow2(file)
		if err != nil {
			return
		}
		if p, err := h.luks(file, size); err == nil && (int64(p.At) < 0 || int64(p.At+p.Length) < 0 || int64(p.At+p.Length) > size) { // #nosec G115 -- that is the question
			t.Errorf("the LUKS header is at %d with %d bytes, of %d", p.At, p.Length, size)
		}
		if h.sound(file, size) != nil {
			return
		}
		if end := int64(h.L1At) + int64(h.L1Size)*entryBytes; int64(h.L1At) < h.cluster() || end > size || h.Backing != 0 { // #nosec G115 -- that is the question
			t.Errorf("the table is at %d and ends at %d, of %d", h.L1At, end, size)
		}
		if want := h.l1For(int64(h.Size)); want < 1 || want > 1<<31 { // #nosec G115 -- bounded by sound
			t.Errorf("%d bytes need %d entries", h.Size, want)
		}
	})
}

// sparse reads as a text, and as zeros up to its size.
type sparse struct {
	text []byte
	size int64
}

func (s sparse) ReadAt(p []byte, at int64) (int, error) {
	file := bytes.NewReader(s.text)
	clear(p)
	if at >= s.size {
		return 0, os.ErrInvalid
	}
	if at < int64(len(s.text)) {
		_, _ = file.ReadAt(p, at)
	}
	return len(p), nil
}
