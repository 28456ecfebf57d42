package model

import "net/netip"

// Text is an address, or a network, as it is written; "" for none, for which netip has the words "invalid IP".
func Text[T netip.Addr | netip.Prefix](a T) string {
	text, err := any(a).(interface{ MarshalText() ([]byte, error) }).MarshalText()
	if err != nil {
		return "" // neither returns one
	}
	return string(text)
}
