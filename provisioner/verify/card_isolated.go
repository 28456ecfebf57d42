package verify

import (
	"context"
	"io/fs"
	"os"
	"strings"

	"holm/provisioner/emulator"
	"holm/provisioner/machine"
)

// cardIsolated: libvirt sets the port once, when the machine starts, and does not look at it again.
func cardIsolated() rule {
	return rule{
		id: "card-isolated", side: Host, source: "holm",
		promise: "the bridge carries nothing from the instance to a neighbour, unless the record allows it",
		try: func(_ context.Context, t *trial) found {
			const tried = "look up in the kernel whether the card's port is isolated"
			card, err := t.card()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			asked, err := machine.Domain(t.Wanted)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			want, err := machine.ReadLive(asked)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if len(want.Cards) > 0 && !want.Cards[0].Isolated {
				return notApplicable(tried, "the record lets %s speak to its neighbours", card.Tap)
			}
			state, err := emulator.ReadFile(func() (fs.File, error) { return os.Open(t.env.network(card.Tap, "brport/isolated")) })
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if strings.TrimSpace(string(state)) != "1" {
				return failed(tried, "the kernel's port %s is not isolated", card.Tap)
			}
			return passed(tried, "%s is isolated", card.Tap)
		},
	}
}
