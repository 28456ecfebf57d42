//go:build bench

package main

import (
	"context"
	"net"
	"strconv"

	"holm/e2e/world"
	"holm/internal/run"
)

// measureNames compares how many names a second the guest gets answers for, by the resolver that it has, with the host, which
// asks the same server itself: for a name that was asked for before, and for those that nobody has asked for.
func measureNames(ctx context.Context, l *lab, rounds int) ([]row, error) {
	d, err := l.needDay(ctx)
	if err != nil {
		return nil, err
	}
	const stub, count = "127.0.0.53:53", "300"
	guest := func(what string) leg {
		return func(ctx context.Context) (float64, error) {
			said, err := d.sh(ctx, "./wire "+what+" "+stub+" "+count)
			if err != nil {
				return 0, err
			}
			return strconv.ParseFloat(said, 64)
		}
	}
	host := func(what string) leg {
		return func(ctx context.Context) (float64, error) {
			return number(run.Command(ctx, d.wire(), what, net.JoinHostPort(world.NamesIPv4, "53"), count))
		}
	}
	s, err := alternate(ctx, rounds, l.say, guest("names"), host("names"), guest("others"), host("others"))
	if err != nil {
		return nil, err
	}
	return []row{
		against("names, known", inPerSecond, s[0], "on the host", s[1], goal{}),
		against("names, new", inPerSecond, s[2], "on the host", s[3], goal{}),
	}, nil
}
