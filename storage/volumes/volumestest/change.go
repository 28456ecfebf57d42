package volumestest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"holm/internal/fault"
)

func testGrow(t *testing.T, s suite) {
	s.create(t, A, 1)
	s.writes(t, A, 0, 0x11)
	s.writes(t, A, 1<<30-chunk, 0x22)
	for range 2 { // it has that size already the second time
		if err := s.Backend.Grow(t.Context(), A, 3, false); err != nil {
			t.Fatal(err)
		}
		s.size(t, A, 3)
	}
	s.reads(t, A, 0, 0x11)
	s.reads(t, A, 1<<30-chunk, 0x22)
	s.reads(t, A, 1<<30, 0)
	s.reads(t, A, 3<<30-chunk, 0)
	s.writes(t, A, 3<<30-chunk, 0x33)
	s.reads(t, A, 3<<30-chunk, 0x33)
}

func testShrink(t *testing.T, s suite) {
	s.create(t, A, 3)
	s.writes(t, A, 3<<30-chunk, 0x11)
	if err := s.Backend.Grow(t.Context(), A, 2, false); fault.KindOf(err) != fault.Usage || fault.RemedyOf(err) == "" {
		t.Errorf("grow to less: %v, want a fault of kind Usage with a remedy", err)
	}
	s.size(t, A, 3)
	s.reads(t, A, 3<<30-chunk, 0x11)
}

// testOpen has a QEMU hold the volume: that of a block device grows all the same, as it has to.
func testOpen(t *testing.T, s suite) {
	s.create(t, A, 1)
	release := s.hold(t, A)
	err := s.Backend.Grow(t.Context(), A, 2, false)
	switch block := s.Backend.Disk(A).Block; {
	case block && err != nil:
		t.Errorf("grow a block device that is open: %v", err)
	case block:
		if err := s.Backend.Remove(t.Context(), A); fault.KindOf(err) != fault.Busy {
			t.Errorf("remove a block device that is open: %v, want a fault of kind Busy", err)
		}
		s.has(t, A)
	case fault.KindOf(err) != fault.Busy:
		t.Errorf("grow a file that is open: %v, want a fault of kind Busy", err)
	}
	if used, err := s.Backend.Usage(t.Context(), A); err != nil || used.VirtualBytes < 1<<30 {
		t.Errorf("usage of an open volume: %+v, %v", used, err)
	}
	release()
	if err := s.Backend.Grow(t.Context(), A, 2, false); err != nil {
		t.Errorf("grow when it is closed: %v", err)
	}
	s.size(t, A, 2)
}

func testClone(t *testing.T, s suite) {
	s.create(t, A, 2)
	s.writes(t, A, 0, 0x11)
	s.writes(t, A, 1<<30, 0x22)
	s.clone(t, A, B)
	s.size(t, B, 2)
	s.has(t, A, B)
	s.reads(t, B, 0, 0x11)
	s.reads(t, B, 1<<30, 0x22)
	s.reads(t, B, 2<<30-chunk, 0)

	s.writes(t, A, 0, 0x33)
	s.writes(t, B, 1<<30, 0x44)
	s.reads(t, B, 0, 0x11)
	s.reads(t, A, 1<<30, 0x22)
	if err := s.Backend.Grow(t.Context(), B, 3, false); err != nil {
		t.Fatal(err)
	}
	s.size(t, A, 2)

	s.clone(t, B, C) // of a clone
	s.remove(t, A)
	s.remove(t, B)
	s.has(t, C)
	s.size(t, C, 3)
	s.reads(t, C, 0, 0x11)
	s.reads(t, C, 1<<30, 0x44)
}

func testCloneIsCheap(t *testing.T, s suite) {
	if s.Free == nil {
		t.Skip("left out: the file system here cannot share blocks, so that a clone is a copy")
	}
	const data, most = 64 << 20, 8 << 20
	s.create(t, A, 1)
	for at := int64(0); at < data; at += chunk {
		s.writes(t, A, at, 0x11)
	}
	before := s.Free(t)
	s.clone(t, A, B)
	if took := before - s.Free(t); took > most {
		t.Errorf("the clone of a volume with %d MiB took %d bytes, want at most %d", data>>20, took, most)
	}
	s.reads(t, B, data-chunk, 0x11)
}

// hold opens a volume as a guest's QEMU does, which lets nobody else resize it, until release is called.
func (s suite) hold(t *testing.T, id string) (release func()) {
	t.Helper()
	d := s.Backend.Disk(id)
	driver := map[bool]string{false: "file", true: "host_device"}[d.Block]
	dir, err := os.MkdirTemp("", "nbd") //nolint:usetesting // not named for the test: a path of a socket has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cmd := exec.CommandContext(t.Context(), "qemu-storage-daemon",
		"--blockdev", "driver="+driver+",node-name=f,filename="+d.Path, "--blockdev", "driver="+d.Format+",node-name=d,file=f",
		"--nbd-server", "addr.type=unix,addr.path="+filepath.Join(dir, "s"), "--export", "type=nbd,id=e,node-name=d,writable=on",
		"--chardev", "stdio,id=m", "--monitor", "chardev=m")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if greeting, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the one that holds the volume says %q, %v", greeting, err)
	}
	return func() {
		_, err := io.WriteString(in, `{"execute": "qmp_capabilities"} {"execute": "quit"}`)
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			t.Errorf("let go of the volume: %v", err)
		}
	}
}
