package procfs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Listener is one row of /proc/net/tcp or tcp6 that listens.
type Listener struct {
	Address netip.AddrPort
	Inode   string
}

// ParseListeners reads /proc/net/tcp or tcp6: state 0A listens, the second field is the address and port, the
// tenth the socket's inode. Rows of another shape are passed over.
func ParseListeners(content []byte) []Listener {
	var found []Listener
	for line := range bytes.Lines(content) {
		f := strings.Fields(string(line))
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		if address, err := ParseAddress(f[1]); err == nil {
			found = append(found, Listener{Address: address, Inode: f[9]})
		}
	}
	return found
}

// ParseAddress reads "0100007F:0947": words of 32 bits in the order of the machine, then the port.
func ParseAddress(text string) (netip.AddrPort, error) {
	words, portText, _ := strings.Cut(text, ":")
	port, err := strconv.ParseUint(portText, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	raw, err := hex.DecodeString(words)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("an address of %d bytes", len(raw))
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// Sockets are the inodes of the sockets that a process has open.
func Sockets(pid int) (map[string]bool, error) {
	held := map[string]bool{}
	fds, err := os.ReadDir(Path(pid, "fd"))
	if err != nil {
		return nil, err
	}
	for _, fd := range fds {
		// One that is closed in the meantime holds nothing.
		to, _ := os.Readlink(Path(pid, "fd", fd.Name()))
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			held[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return held, nil
}

// Listening are the addresses on which a process itself listens, in its own network namespace.
func Listening(pid int) ([]netip.AddrPort, error) {
	held, err := Sockets(pid)
	if err != nil {
		return nil, err
	}
	var addresses []netip.AddrPort
	for _, table := range []string{"tcp", "tcp6"} {
		content, err := Read(Path(pid, "net", table))
		if err != nil {
			return nil, err
		}
		for _, l := range ParseListeners(content) {
			if held[l.Inode] {
				addresses = append(addresses, l.Address)
			}
		}
	}
	return addresses, nil
}

// Reachable is where a listener is reached: one on all addresses, by loopback.
func Reachable(listener netip.AddrPort) netip.AddrPort {
	switch addr := listener.Addr(); {
	case addr == netip.IPv4Unspecified():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), listener.Port())
	case addr.IsUnspecified():
		return netip.AddrPortFrom(netip.IPv6Loopback(), listener.Port())
	}
	return listener
}
