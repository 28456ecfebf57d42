package volumestest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"holm/internal/run"
)

// key is what volumes are made with, and other is none of theirs.
const (
	key   = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	other = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

// testEncrypted: a key opens the volume, another one does not, and what is written cannot be read in what lies there.
func testEncrypted(t *testing.T, s suite) {
	if err := s.Backend.Create(t.Context(), A, 1, []byte(key)); err != nil {
		t.Fatal(err)
	}
	s.size(t, A, 1)
	s.mustKeyed(t, A, fmt.Sprintf("read -P 0 0 %d", chunk)) // the guest takes it for new
	for _, at := range []int64{0, 512 << 20, 1<<30 - chunk} {
		s.mustKeyed(t, A, fmt.Sprintf("write -P 0x5a %d %d", at, chunk))
	}
	if out, err := s.keyed(t, A, other, "read 0 512"); err == nil {
		t.Errorf("another key opens it: %s", out)
	}
	if s.contains(t, A, bytes.Repeat([]byte{0x5a}, 64)) {
		t.Error("what was written can be read in the file")
	}
	if s.contains(t, A, []byte(key)) {
		t.Error("the key lies in the file")
	}
	if err := s.Backend.Grow(t.Context(), A, 3, false); err == nil {
		t.Error("it grew without its key")
	}
	for range 2 {
		if err := s.Backend.Grow(t.Context(), A, 3, true); err != nil {
			t.Fatal(err)
		}
		s.size(t, A, 3)
	}
	s.mustKeyed(t, A, fmt.Sprintf("read -P 0x5a %d %d", 1<<30-chunk, chunk))
	s.mustKeyed(t, A, fmt.Sprintf("write -P 0x33 %d %d", int64(3)<<30-chunk, chunk))
	s.clone(t, A, B)
	s.mustKeyed(t, B, fmt.Sprintf("read -P 0x5a 0 %d", chunk))
	if s.Backend.Disk(A).Format == "qcow2" {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := run.Command(t.Context(), "qemu-img", "check", "--object", "secret,id=s,format=raw,file="+file,
			"--image-opts", "driver=qcow2,encrypt.key-secret=s,file.filename="+s.Backend.Disk(A).Path); err != nil {
			t.Errorf("qemu-img finds fault with it: %v: %s", err, out)
		}
	}
}

// testWipe: what was wiped is opened by nobody any more, also not by who has kept the key, and takes no space.
func testWipe(t *testing.T, s suite) {
	if err := s.Backend.Wipe(t.Context(), A); err != nil {
		t.Errorf("wipe what is not there: %v", err)
	}
	for _, k := range [][]byte{nil, []byte(key)} {
		if err := s.Backend.Create(t.Context(), A, 1, k); err != nil {
			t.Fatal(err)
		}
		if k == nil {
			s.writes(t, A, 0, 0x5a)
		} else {
			s.mustKeyed(t, A, fmt.Sprintf("write -P 0x5a 0 %d", chunk))
		}
		for range 2 {
			if err := s.Backend.Wipe(t.Context(), A); err != nil {
				t.Fatal(err)
			}
		}
		if k != nil {
			if out, err := s.keyed(t, A, key, "read 0 512"); err == nil {
				t.Errorf("the key still opens it: %s", out)
			}
		}
		if s.contains(t, A, []byte{0x5a, 0x5a, 0x5a, 0x5a}) {
			t.Error("what was written is still there")
		}
		if d := s.Backend.Disk(A); !d.Block {
			if info, err := run.Command(t.Context(), "du", "-k", d.Path); err != nil || !strings.HasPrefix(string(info), "0\t") {
				t.Errorf("it takes space: %s %v", info, err)
			}
		}
		s.remove(t, A)
	}
	s.has(t)
}

// contains looks through what a volume takes of its pool. Of a block device, which does not say what that is, it is the beginning,
// where all that is looked for was written.
func (s suite) contains(t *testing.T, id string, what []byte) bool {
	t.Helper()
	f, err := os.Open(s.Backend.Disk(id).Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	const beginning = 8 << 20
	if s.Backend.Disk(id).Block {
		content, err := io.ReadAll(io.LimitReader(f, beginning))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(content, what)
	}
	for at := int64(0); ; {
		data, err := f.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return false // there is none behind it
		}
		if err != nil {
			t.Fatal(err)
		}
		if at, err = f.Seek(data, unix.SEEK_HOLE); err != nil {
			t.Fatal(err)
		}
		content := make([]byte, at-data)
		if _, err := f.ReadAt(content, data); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, what) {
			return true
		}
	}
}

func (s suite) mustKeyed(t *testing.T, id, command string) {
	t.Helper()
	if out, err := s.keyed(t, id, key, command); err != nil || strings.Contains(out, "failed") {
		t.Errorf("%s: %v: %s", command, err, out)
	}
}

// keyed is io on an encrypted volume.
func (s suite) keyed(t *testing.T, id, with, command string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(with), 0o600); err != nil {
		t.Fatal(err)
	}
	d := s.Backend.Disk(id)
	how := "driver=qcow2,encrypt.key-secret=s,file.filename=" + d.Path
	if d.Format == "raw" {
		how = "driver=luks,key-secret=s,file.filename=" + d.Path
	}
	out, err := run.Command(t.Context(), "qemu-io", "--object", "secret,id=s,format=raw,file="+file, "-c", command, "-c", "flush",
		"--image-opts", how)
	return string(out), err
}
