package probe

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestAStatusIsReadWhole(t *testing.T) {
	const whole = "Name:\tdockerd\nUid:\t1000\t1001\t1002\t1003\nCapPrm:\t00000000000000ff\nCapEff:\t000001ffffffffff\n" +
		"CapBnd:\t1\nCapAmb:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n"
	want := dockerStatus{
		Name: "dockerd", EUID: 1001, CapPrm: 0xff, CapEff: 0x1ffffffffff, CapBnd: 1, NoNewPrivs: 1, Seccomp: 2,
	}
	got, err := parseDockerStatus([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, broken := range map[string]string{
		"without CapBnd":      strings.Replace(whole, "CapBnd:\t1\n", "", 1),
		"with half its users": strings.Replace(whole, "\t1002\t1003", "", 1),
		"with a word":         strings.Replace(whole, "Seccomp:\t2", "Seccomp:\tno", 1),
		"of nothing":          "",
	} {
		if _, err := parseDockerStatus([]byte(broken)); err == nil {
			t.Errorf("a status %s was taken", name)
		}
	}
}

func TestOnesOwnStatusIsRead(t *testing.T) {
	got, err := dockerReadStatus("/proc/self/status")
	if err != nil || got.EUID != os.Geteuid() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestListenersAreReadWithTheirAddresses(t *testing.T) {
	const table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2103 1 x 100 0 0 10 0\n" +
		"   1: 0A00600A:0016 0100600A:8192 01 00000000:00000000 02:000AFB79 00000000     0        0 3438 3 x 20 4 28 10 -1\n" +
		"   2: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1\n" +
		"   3: zz:0016 0:0 0A 0:0 0:0 0 0 0 78 1\n   4: 00:0016 0:0 0A 0:0 0:0 0 0 0 79 1\n"
	want := []dockerListener{
		{netip.MustParseAddrPort("127.0.0.1:2375"), "2103"}, {netip.MustParseAddrPort("[::1]:22"), "77"},
	}
	got := parseDockerListeners([]byte(table))
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAProcessIsKnownByItsListeners(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got, err := dockerListening(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if want := netip.MustParseAddrPort(l.Addr().String()); !slices.Contains(got, want) {
		t.Errorf("%v is not among %v", want, got)
	}
}

func TestAListenerOnAllAddressesIsReachedByLoopback(t *testing.T) {
	for listens, want := range map[string]string{
		"0.0.0.0:1": "127.0.0.1:1", "[::]:2": "[::1]:2", "10.0.2.100:3": "10.0.2.100:3",
	} {
		if got := dockerReachable(netip.MustParseAddrPort(listens)); got.String() != want {
			t.Errorf("%s is reached at %s, want %s", listens, got, want)
		}
	}
}

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
	got, err := dockerPeer(t.Context(), socket)
	if err != nil || got.pid != os.Getpid() || strconv.Itoa(int(got.uid)) != strconv.Itoa(os.Getuid()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestIDsAreMapped(t *testing.T) {
	rows, err := parseDockerIDs([]byte("         0       1000          1\n         1     100000      65536\n"))
	if err != nil {
		t.Fatal(err)
	}
	for inside, want := range map[uint64]uint64{0: 1000, 1: 100000, 1001: 101000} {
		if got, ok := dockerOutsideID(rows, inside); !ok || got != want {
			t.Errorf("%d is %d outside, want %d", inside, got, want)
		}
	}
	if got, ok := dockerOutsideID(rows, 65537); ok {
		t.Errorf("an id that is not mapped is %d outside", got)
	}
	for _, broken := range []string{"0 1000\n", "0 x 1\n", "0 0 99999999999\n"} {
		if _, err := parseDockerIDs([]byte(broken)); err == nil {
			t.Errorf("%q was taken", broken)
		}
	}
}

func TestAProcessOfAnotherGroupIsNotTheContainers(t *testing.T) {
	if _, err := dockerLook(os.Getpid(), fakeID(1)); err == nil {
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

func FuzzParseDockerStatus(f *testing.F) {
	f.Add([]byte("Name:\tx\nUid:\t0\t0\t0\t0\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if s, err := parseDockerStatus(content); err == nil && !strings.Contains(string(content), "Seccomp:") {
			t.Errorf("%+v out of %q", s, content)
		}
		for _, l := range parseDockerListeners(content) {
			if !l.address.IsValid() {
				t.Errorf("no address in %q", content)
			}
		}
		_, _ = parseDockerIDs(content)
	})
}
