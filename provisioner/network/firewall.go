package network

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"holm/internal/nft"
	"holm/internal/run"
)

// Firewall is the packet filter of this host's kernel, by Debian's nft.
type Firewall struct{}

// Apply carries out all commands of r or none.
func (Firewall) Apply(ctx context.Context, r nft.Ruleset) error {
	text, err := r.Encode()
	if err != nil {
		return fmt.Errorf("rules for nft: %w", err)
	}
	_, err = run.Run(ctx, run.Cmd{Name: "nft", Args: []string{"-j", "-f", "-"}, Stdin: bytes.NewReader(text)})
	return err
}

// listing is what nft says of a table, as far as it matters here.
type listing struct {
	Objects []struct {
		Counter *nft.Counter `json:"counter"`
	} `json:"nftables"`
}

// Counters returns how many packets each counter of the network's tables has seen; none when the tables are not there.
func (Firewall) Counters(ctx context.Context, n Network) (map[string]uint64, error) {
	counts := map[string]uint64{}
	for _, t := range n.Tables() {
		text, err := run.Command(ctx, "nft", "-j", "list", "table", t.Family, t.Name)
		if failed, ok := errors.AsType[*run.Error](err); ok && strings.Contains(failed.Stderr, "No such file or directory") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var doc listing
		if err := json.Unmarshal(text, &doc); err != nil {
			return nil, fmt.Errorf("what nft says of table %s: %w", t.Name, err)
		}
		for _, o := range doc.Objects {
			if o.Counter != nil {
				counts[o.Counter.Name] = o.Counter.Packets
			}
		}
	}
	return counts, nil
}
