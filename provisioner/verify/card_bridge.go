package verify

import "context"

// cardBridge: whoever puts an interface on another bridge moves the instance into another network, and libvirt does not
// notice.
func cardBridge() rule {
	return rule{
		id: "card-bridge", side: Host, source: "holm", promise: "the network card hangs on the bridge of its own network and on no other",
		try: func(_ context.Context, t *trial) found {
			const tried = "look up the card's bridge in the kernel"
			card, err := t.card()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			switch is := t.env.master(card.Tap); {
			case card.Bridge == "":
				return inconclusive(tried, "libvirt does not say on which bridge %s is to hang", card.Tap)
			case is == "":
				return failed(tried, "%s hangs on no bridge, not on %s", card.Tap, card.Bridge)
			case is != card.Bridge:
				return failed(tried, "%s hangs on %s, not on %s", card.Tap, is, card.Bridge)
			}
			return passed(tried, "%s hangs on %s", card.Tap, card.Bridge)
		},
	}
}
