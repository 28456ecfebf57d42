package verify

import "context"

// networkWalls: whoever empties the kernel's tables, or restarts a firewall that does, opens a network, and nothing else shows it.
func networkWalls() rule {
	return rule{
		id: "network-walls", side: Host, source: "holm",
		promise: "the kernel has the rules of the instance's network as they are on record, for IPv4, IPv6 and frames, " +
			"each of them and no others",
		try: func(ctx context.Context, t *trial) found {
			const tried = "compare the kernel's rules with those on record, one by one"
			if t.Walls == nil {
				return inconclusive(tried, "nobody knows what is on record")
			}
			walls, err := t.Walls(ctx)
			switch {
			case err != nil:
				return inconclusive(tried, "%v", err)
			case !walls.Whole():
				return failed(tried, "%s: %s", walls.Bridge, walls)
			}
			return passed(tried, "%s: %s, sha256 %s", walls.Bridge, walls, walls.Digest)
		},
	}
}
