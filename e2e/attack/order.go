package attack

import "net/netip"

// Order is what the guest's program is told to do, one JSON document a line. Frames are sent as they are, all of them,
// Rounds times; then each of Connect is connected to, by TCP.
type Order struct {
	Frames  [][]byte         `json:"frames,omitempty"`
	Rounds  int              `json:"rounds,omitempty"`
	Connect []netip.AddrPort `json:"connect,omitempty"`
	Seen    []uint64         `json:"seen,omitempty"` // attacks whose frames that came in are to be told
}

// Answer is what came of an order.
type Answer struct {
	Sent    int               `json:"sent"`
	Tried   int               `json:"tried"`
	Opened  []netip.AddrPort  `json:"opened,omitempty"`  // let in
	Refused []netip.AddrPort  `json:"refused,omitempty"` // sent away: by somebody there, or by a filter on the way
	Seen    map[uint64]uint64 `json:"seen,omitempty"`
	Frames  uint64            `json:"frames"` // of any kind, since the program began
	Error   string            `json:"error,omitempty"`
}
