package procfs

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAStatusIsReadWhole(t *testing.T) {
	const whole = "Name:\tdockerd\nUid:\t1000\t1001\t1002\t1003\nCapPrm:\t00000000000000ff\nCapEff:\t000001ffffffffff\n" +
		"CapBnd:\t1\nCapAmb:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n"
	want := Status{
		Name: "dockerd", EUID: 1001, CapPrm: 0xff, CapEff: 0x1ffffffffff, CapBnd: 1, NoNewPrivs: 1, Seccomp: 2,
	}
	got, err := ParseStatus([]byte(whole))
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
		if _, err := ParseStatus([]byte(broken)); err == nil {
			t.Errorf("a status %s was taken", name)
		}
	}
}

func TestOnesOwnStatusIsRead(t *testing.T) {
	got, err := ReadStatus("/proc/self/status")
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
	want := []Listener{
		{netip.MustParseAddrPort("127.0.0.1:2375"), "2103"}, {netip.MustParseAddrPort("[::1]:22"), "77"},
	}
	got := ParseListeners([]byte(table))
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
	got, err := Listening(os.Getpid())
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
		if got := Reachable(netip.MustParseAddrPort(listens)); got.String() != want {
			t.Errorf("%s is reached at %s, want %s", listens, got, want)
		}
	}
}
