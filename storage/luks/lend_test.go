package luks

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/run"
)

const once = "6f6e6365206f6e6365206f6e6365206f6e6365206f6e6365206f6e63652031"

// written makes a file with a header behind so many bytes.
func written(t *testing.T, at int64) *os.File {
	t.Helper()
	header, err := Header([]byte(passphrase), 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "volume"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.WriteAt(header, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(at + HeaderBytes + 1<<20); err != nil {
		t.Fatal(err)
	}
	return f
}

// opens has QEMU say whether a passphrase opens a volume.
func opens(t *testing.T, f *os.File, with string) bool {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(with), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := run.Command(t.Context(), "qemu-io", "--object", "secret,id=s,format=raw,file="+key, "-c", "read -P 0 0 64k",
		"--image-opts", "driver=luks,key-secret=s,file.filename="+f.Name())
	if err == nil {
		return !strings.Contains(string(out), "failed")
	}
	if !strings.Contains(err.Error(), "Invalid password") {
		t.Fatal(err)
	}
	return false
}

func TestALentPassphraseOpensAVolumeUntilItIsRevoked(t *testing.T) {
	if _, err := run.Look("qemu-io"); err != nil {
		t.Skipf("left out: %v", err)
	}
	f := written(t, 0)
	before, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	lent(t, f, false)
	second := strings.Repeat("s", 64)
	for _, other := range []string{once, second} {
		if err := Lend(f, 0, []byte(passphrase), []byte(other)); err != nil {
			t.Fatal(err)
		}
		lent(t, f, true)
		if !opens(t, f, other) || !opens(t, f, passphrase) {
			t.Errorf("with %q lent, one of the two does not open it", other)
		}
	}
	if opens(t, f, once) {
		t.Error("what was lent before still opens it")
	}
	if err := Revoke(f, 0); err != nil {
		t.Fatal(err)
	}
	lent(t, f, false)
	if opens(t, f, second) || !opens(t, f, passphrase) {
		t.Error("after it was revoked it still opens, or its own no more")
	}
	after, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("something of what was lent is still there")
	}
}

func TestALentPassphraseOpensNothingWhateverPartOfItIsLeft(t *testing.T) {
	f := written(t, 512)
	if err := Lend(f, 512, []byte(passphrase), []byte(once)); err != nil {
		t.Fatal(err)
	}
	entry, material := make([]byte, entryBytes), make([]byte, materialBytes)
	for at, b := range map[int64][]byte{512 + entryAt(lentSlot): entry, 512 + materialAt(lentSlot): material} {
		if _, err := f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := Revoke(f, 512); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if salt := entry[8 : 8+saltBytes]; bytes.Contains(content, salt) {
		t.Error("its salt is still there")
	}
	for at := 0; at < materialBytes; at += sector {
		if bytes.Contains(content, material[at:at+sector]) {
			t.Fatalf("byte %d of its material is still there", at)
		}
	}
}

// breaking fails at its nth write.
type breaking struct {
	*os.File
	left int
}

func (b *breaking) WriteAt(p []byte, at int64) (int, error) {
	if b.left--; b.left < 0 {
		return 0, io.ErrShortWrite
	}
	return b.File.WriteAt(p, at)
}

func TestARevokeThatWasCutShortIsDoneAgain(t *testing.T) {
	for writes := range 2 {
		f := written(t, 0)
		if err := Lend(f, 0, []byte(passphrase), []byte(once)); err != nil {
			t.Fatal(err)
		}
		if err := Revoke(&breaking{f, writes}, 0); err == nil {
			t.Errorf("after %d writes: %v", writes, err)
		}
		lent(t, f, true)
		if err := Revoke(f, 0); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
		lent(t, f, false)
	}
}

// synced remembers whether all that was written is on the disk.
type synced struct {
	Medium
	writes  int
	settled bool
}

func (s *synced) WriteAt(p []byte, at int64) (int, error) {
	s.writes++
	s.settled = false
	return s.Medium.WriteAt(p, at)
}

func (s *synced) Sync() error {
	s.settled = true
	return s.Medium.Sync()
}

func TestWhatIsRevokedIsOverwrittenOnTheDisk(t *testing.T) {
	disk := &synced{Medium: written(t, 0)}
	if err := Lend(disk, 0, []byte(passphrase), []byte(once)); err != nil {
		t.Fatal(err)
	}
	if err := Revoke(disk, 0); err != nil {
		t.Fatal(err)
	}
	if disk.writes == 0 || !disk.settled {
		t.Errorf("after %d writes Revoke returns before they are on the disk", disk.writes)
	}
}

func lent(t *testing.T, f *os.File, want bool) {
	t.Helper()
	if got, err := Lent(f, 0); got != want || err != nil {
		t.Errorf("something is lent: %v, %v, want %v", got, err, want)
	}
}

func TestAKeyThatOpensNothingLendsNothing(t *testing.T) {
	f := written(t, 0)
	before, _ := os.ReadFile(f.Name())
	if err := Lend(f, 0, []byte(strings.ToLower(passphrase)), []byte(once)); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
	if err := Lend(f, 0, []byte(passphrase), []byte("secret")); err == nil {
		t.Error("a word is lent")
	}
	if err := Lend(f, 1, []byte(passphrase), []byte(once)); !errors.Is(err, errHeader) {
		t.Errorf("where no header is: %v", err)
	}
	if err := Lend(f, -1, []byte(passphrase), []byte(once)); !errors.Is(err, errHeader) {
		t.Errorf("before the file: %v", err)
	}
	if after, _ := os.ReadFile(f.Name()); !bytes.Equal(before, after) {
		t.Error("something was written")
	}
}

// FuzzHeader: a header that a guest's QEMU may have written is as holm writes it, or refused.
func FuzzHeader(f *testing.F) {
	whole, err := Header([]byte(passphrase), 0)
	if err != nil {
		f.Fatal(err)
	}
	begin := whole[:sector+entryBytes+32]
	f.Add(begin)
	for _, at := range []int{7, 8, 107, 111, 163, entriesAt, entriesAt + 4, entriesAt + 40, entriesAt + entryBytes + 47} {
		changed := bytes.Clone(begin)
		changed[at] ^= 0x80
		f.Add(changed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := read(bytes.NewReader(text), 0)
		if err != nil {
			return
		}
		for i, s := range h.Slots {
			if end := (int64(s.Offset)*sector + materialBytes); end > HeaderBytes || s.Active == slotEnabled && s.Iterations > maxIterations {
				t.Errorf("slot %d ends at %d, with %d rounds", i, end, s.Iterations)
			}
		}
		_ = Revoke(discarding{bytes.NewReader(text)}, 0)
	})
}

// discarding takes what is written and forgets it.
type discarding struct{ *bytes.Reader }

func (discarding) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (discarding) Sync() error                            { return nil }

// BenchmarkLend is what a start costs more: both halves of it, on the file system of temporary files.
func BenchmarkLend(b *testing.B) {
	header, err := Header([]byte(passphrase), 0)
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Create(filepath.Join(b.TempDir(), "volume"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write(header); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Lend(f, 0, []byte(passphrase), []byte(once)); err != nil {
			b.Fatal(err)
		}
		if err := Revoke(f, 0); err != nil {
			b.Fatal(err)
		}
	}
}
