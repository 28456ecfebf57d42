package model

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"holm/internal/fault"
)

// Port is one of the host's that leads to an instance.
type Port struct {
	Protocol string `json:"protocol"` // "tcp" or "udp"
	Host     uint16 `json:"host"`
	Guest    uint16 `json:"guest"`
}

// ParsePort reads "443:8443", "53:5353/udp", or "443" for the same port on both sides. A fault of kind Usage says what is
// wrong with another text.
func ParsePort(text string) (Port, error) {
	ports, protocol, named := strings.Cut(text, "/")
	p := Port{Protocol: "tcp"}
	if named {
		p.Protocol = protocol
	}
	host, guest, two := strings.Cut(ports, ":")
	if !two {
		guest = host
	}
	var err error
	if p.Host, err = portNumber(host); err == nil {
		p.Guest, err = portNumber(guest)
	}
	if err != nil || p.Protocol != "tcp" && p.Protocol != "udp" {
		return Port{}, fault.New(fault.Usage, "write HOST:GUEST, such as 443:8443 or 53:5353/udp", "port %.80q is not allowed", text)
	}
	return p, nil
}

func portNumber(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err == nil && (n == 0 || strconv.FormatUint(n, 10) != text) {
		err = strconv.ErrRange
	}
	return uint16(n), err
}

// String is how ParsePort reads it.
func (p Port) String() string { return fmt.Sprintf("%d:%d/%s", p.Host, p.Guest, p.Protocol) }

// Compare sorts ports by what they are on the host.
func (p Port) Compare(q Port) int {
	return cmp.Or(cmp.Compare(p.Protocol, q.Protocol), cmp.Compare(p.Host, q.Host))
}
