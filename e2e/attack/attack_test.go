package attack

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"
)

func TestAMarkIsFoundAgainAndNoOther(t *testing.T) {
	run, other := Run{1, 2, 3, 4, 5, 6, 7, 8}, Run{1, 2, 3, 4, 5, 6, 7, 9}
	frame := append([]byte("before"), append(run.Mark(77), "after"...)...)
	if id, found := run.Find(frame); !found || id != 77 {
		t.Errorf("got %d, %v", id, found)
	}
	if id, found := other.Find(frame); found {
		t.Errorf("another run finds %d", id)
	}
	if id, found := run.Find(frame[:len("before")+MarkSize-1]); found {
		t.Errorf("half a mark is %d", id)
	}
	if again, err := ParseRun(run.String()); err != nil || again != run {
		t.Errorf("got %v, %v", again, err)
	}
	for _, bad := range []string{"", "0102", "zz02030405060708", "010203040506070809"} {
		if _, err := ParseRun(bad); err == nil {
			t.Errorf("%q is a run", bad)
		}
	}
}

func TestAKnockFindsWhoIsThere(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = shut.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	doors := []netip.AddrPort{port(open), port(shut)}
	if opened, refused := knock(ctx, doors); !slices.Equal(opened, doors[:1]) || !slices.Equal(refused, doors[1:]) {
		t.Errorf("of %v, %v let in and %v sent away", doors, opened, refused)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if opened, refused := knock(ended, doors); opened != nil || refused != nil {
		t.Errorf("%v and %v answered without being asked", opened, refused)
	}
}

func port(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }

// A wire counts what it sends as going out, and on the loopback what comes back as coming in.
func TestAWireCountsBothWays(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a raw socket needs root")
	}
	run := Run{8, 7, 6, 5, 4, 3, 2, byte(time.Now().UnixNano())}
	wire, err := Tap("lo", run)
	if err != nil {
		t.Fatal(err)
	}
	frame := append(make([]byte, 12), append([]byte{0x88, 0xb5}, append(make([]byte, 46), run.Mark(3)...)...)...)
	other, err := Tap("lo", run)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Send(frame); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); wire.Seen(3, In) == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) //nolint:forbidigo // a frame is on its way
	}
	if in, out := wire.Seen(3, In), wire.Seen(3, Out); in != 1 || out != 1 || wire.Frames() < 2 {
		t.Errorf("%d in, %d out, %d in all", in, out, wire.Frames())
	}
	for _, w := range []*Wire{wire, other} {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
