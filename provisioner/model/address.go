package model

import "net/netip"

// Text is an address, or a network, as it is written; "" for none, for which netip has words of its own.
func Text[T interface {
	netip.Addr | netip.Prefix
	String() string
}](a T) string {
	var none T
	if a == none {
		return ""
	}
	return a.String()
}
