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

// expose lets in the ports that the host publishes, and no others besides those of the profile. They are kept, so that they
// are open after a boot at which the host says nothing.
func (a *Agent) expose(ctx context.Context, state *board, ports []report.Port) error {
	if _, err := state.await(ctx); err != nil {
		return err // without a firewall there is nothing to open
	}
	a.told.mu.Lock()
	defer a.told.mu.Unlock()
	return a.letIn(ctx, ports)
}

// letIn fills the firewall's sets, unless they are as they shall be. Whoever calls holds what was told.
func (a *Agent) letIn(ctx context.Context, ports []report.Port) error {
	text, err := exposed(ports)
	if err != nil {
		return err
	}
	if a.told.ports != nil && samePorts(ports, *a.told.ports) {
		return nil
	}
	if len(ports) > 0 || a.told.ports != nil || a.exists(exposedFile) {
		if err := a.keep(exposedFile, ports); err != nil {
			return err
		}
	}
	a.told.ports = nil
	if err := a.runWith(ctx, text, "/usr/sbin/nft", "-j", "-f", "-"); err != nil {
		return err
	}
	a.told.ports = &ports
	return nil
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
