package verify

import (
	"context"
	"time"
)

// maxSkew is how far a guest's clock may be from the host's: certificates and logs of both have to agree.
const maxSkew = 5 * time.Second

func clock() rule {
	return rule{
		id: "clock", side: Guest, source: "CIS Debian 2.3", promise: "the guest's clock is within 5 seconds of the host's",
		try: func(ctx context.Context, t *trial) found {
			const tried = "ask the guest for the time"
			said, ok := t.Guest.first(ctx)
			if !ok || said.Report.Clock.IsZero() {
				return inconclusive(tried, "the guest does not say what time it is")
			}
			// It wrote its answer some time between the question and the hearing.
			guest := said.Report.Clock
			skew := max(said.Asked.Sub(guest), guest.Sub(said.Heard), 0)
			if skew > maxSkew {
				return failed(tried, "it is %s off", skew.Round(100*time.Millisecond))
			}
			return passed(tried, "%s off at most, after a round trip of %s", max(skew, 0).Round(time.Millisecond),
				said.Heard.Sub(said.Asked).Round(time.Millisecond))
		},
	}
}
