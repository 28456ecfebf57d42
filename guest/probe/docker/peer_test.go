package docker

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOnlyAListenerThatAnswersSpeaks(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   bool
	}{"one that only holds a port": {"", false}, "one that complains": {"HTTP/1.0 400 Bad Request", true}} {
		t.Run(name, func(t *testing.T) {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			if c.answer != "" {
				go func() {
					if conn, err := l.Accept(); err == nil {
						_, _ = conn.Write([]byte(c.answer))
						_ = conn.Close()
					}
				}()
			}
			if got := dockerSpeaks(t.Context(), l.Addr().String()); got != c.want {
				t.Errorf("it speaks: %t", got)
			}
		})
	}
}

func TestThePeerOfASocketIsItsListener(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got, err := peerOf(t.Context(), socket)
	if err != nil || got.pid != os.Getpid() || strconv.Itoa(int(got.uid)) != strconv.Itoa(os.Getuid()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestIDsAreMapped(t *testing.T) {
	rows, err := parseIDs([]byte("         0       1000          1\n         1     100000      65536\n"))
	if err != nil {
		t.Fatal(err)
	}
	for inside, want := range map[uint64]uint64{0: 1000, 1: 100000, 1001: 101000} {
		if got, ok := outsideID(rows, inside); !ok || got != want {
			t.Errorf("%d is %d outside, want %d", inside, got, want)
		}
	}
	if got, ok := outsideID(rows, 65537); ok {
		t.Errorf("an id that is not mapped is %d outside", got)
	}
	for _, broken := range []string{"0 1000\n", "0 x 1\n", "0 0 99999999999\n"} {
		if _, err := parseIDs([]byte(broken)); err == nil {
			t.Errorf("%q was taken", broken)
		}
	}
}

func TestAProcessOfAnotherGroupIsNotTheContainers(t *testing.T) {
	if _, err := look(os.Getpid(), fakeID(1)); err == nil {
		t.Error("this test was taken for a container")
	}
}

func TestErrorsAsNumbers(t *testing.T) {
	tries := dockerTries{}
	tries.do("a", func() error { return nil })
	tries.do("b", func() error { return os.NewSyscallError("open", unix.EACCES) })
	tries.do("c", func() error { return os.ErrDeadlineExceeded })
	tries.do("d", func() error { return os.ErrInvalid })
	tries["e"] = 4000
	if got, want := tries.tell("a", "b", "c", "d", "e", "f"),
		"a succeeded, b EACCES, c ETIMEDOUT, d failed, e errno 4000, f not tried"; got != want {
		t.Errorf("got %s", got)
	}
	if !tries.among([]string{"b", "c"}, unix.EACCES, unix.ETIMEDOUT) || tries.among([]string{"d"}, 0) ||
		tries.among([]string{"f"}, 0) {
		t.Error("an attempt that was not made, or failed without an errno, counts as one that was")
	}
}
