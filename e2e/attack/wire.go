package attack

import (
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxFrame = 64 << 10
	// room is the kernel's buffer for what is yet to be counted: enough for a flood.
	room = 16 << 20
)

// Direction is which way a frame went through an interface, as its own kernel sees it.
type Direction bool

// In is towards the kernel that counts, Out away from it.
const (
	In  Direction = false
	Out Direction = true
)

// seen is one pile of a tally.
type seen struct {
	attack uint64
	way    Direction
}

// Wire is one interface, on which frames are sent as they are and counted by their marks.
type Wire struct {
	run   Run
	file  *os.File
	ended chan struct{}

	mu     sync.Mutex
	frames uint64
	tally  map[seen]uint64
}

// Tap opens an interface and counts from then on, promiscuously.
func Tap(name string, run Run) (*Wire, error) {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open a raw socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if err := prepare(fd, card.Index); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("listen on %s: %w", name, err)
	}
	w := &Wire{run: run, file: file, ended: make(chan struct{}), tally: map[seen]uint64{}}
	go w.count()
	return w, nil
}

func prepare(fd, index int) error {
	// The privileged form is not held to the host's limit.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room); err != nil {
		return err
	}
	all := &unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC} //nolint:gosec // the kernel's indexes are positive and small
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, all); err != nil {
		return err
	}
	everything := uint16(unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8) // in the network's order
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: index})
}

// Close ends the counting. The tally stays.
func (w *Wire) Close() error {
	err := w.file.Close()
	<-w.ended
	return err
}

// Send sends a frame as it is. A queue that is full is waited for.
func (w *Wire) Send(frame []byte) error {
	for {
		err := w.write(frame)
		if err != unix.ENOBUFS { //nolint:errorlint // write returns the bare number
			return err
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // as long as a queue takes to have room
	}
}

func (w *Wire) write(frame []byte) error {
	raw, err := w.file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		_, failed = unix.Write(int(fd), frame)
		return failed != unix.EAGAIN
	})
	if err != nil {
		return err
	}
	return failed
}

// Seen is how many frames of an attack went through, one way.
func (w *Wire) Seen(attack uint64, way Direction) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally[seen{attack, way}]
}

// Frames is how many frames of any kind went through.
func (w *Wire) Frames() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames
}

func (w *Wire) count() {
	defer close(w.ended)
	raw, err := w.file.SyscallConn()
	if err != nil {
		return
	}
	buffer := make([]byte, maxFrame)
	for {
		var n int
		var from unix.Sockaddr
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, from, failed = unix.Recvfrom(int(fd), buffer, 0)
			return failed != unix.EAGAIN
		})
		if err != nil {
			return // closed
		}
		if failed != nil {
			continue // the interface went down: it may come back
		}
		way := In
		if link, ok := from.(*unix.SockaddrLinklayer); ok && link.Pkttype == unix.PACKET_OUTGOING {
			way = Out
		}
		w.put(buffer[:n], way)
	}
}

func (w *Wire) put(frame []byte, way Direction) {
	attack, marked := w.run.Find(frame)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames++
	if marked {
		w.tally[seen{attack, way}]++
	}
}
