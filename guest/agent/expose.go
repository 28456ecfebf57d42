package agent

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"holm/guest/report"
	"holm/internal/nft"
)

// maxExposed is how many ports are let in at most.
const maxExposed = 256

// expose lets in the ports that the host publishes, and no others besides those of the profile. It lasts until the next
// boot, at which the host says them again.
func (a *Agent) expose(ctx context.Context, state *board, ports []report.Port) error {
	if _, err := state.await(ctx); err != nil {
		return err // without a firewall there is nothing to open
	}
	text, err := exposed(ports)
	if err != nil {
		return err
	}
	return a.runWith(ctx, text, "/usr/sbin/nft", "-j", "-f", "-")
}

func exposed(ports []report.Port) ([]byte, error) {
	if len(ports) > maxExposed {
		return nil, fmt.Errorf("%d ports are too many", len(ports))
	}
	numbers := map[string][]string{}
	for _, p := range ports {
		if p.Number == 0 || !slices.Contains(report.ExposedProtocols(), p.Protocol) {
			return nil, fmt.Errorf("there is no port %d/%.10q", p.Number, p.Protocol)
		}
		number := strconv.Itoa(int(p.Number))
		if !slices.Contains(numbers[p.Protocol], number) {
			numbers[p.Protocol] = append(numbers[p.Protocol], number)
		}
	}
	var r nft.Ruleset
	for _, protocol := range report.ExposedProtocols() {
		r.Fill(report.Firewall(), report.ExposedSet(protocol), numbers[protocol]...)
	}
	return r.Encode()
}
