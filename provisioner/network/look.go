package network

import (
	"context"
	"fmt"
	"maps"
	"runtime"

	"golang.org/x/sys/unix"

	"holm/internal/nft"
	"holm/internal/run"
)

// Look compares what the kernel has of each network's rules with what it is to have, rule by rule. The kernel itself says how it
// would have them: it is given them in a network namespace that nobody else is in, so that it makes no difference how this nft
// writes what it was told. All networks are looked at by five programs, however many there are.
func (f Firewall) Look(ctx context.Context, all []Wanted) ([]Walls, error) {
	have, err := list(ctx)
	if err != nil {
		return nil, err
	}
	var asked nft.Ruleset
	for _, w := range all {
		asked.Commands = append(asked.Commands, w.rules(have).Commands...)
	}
	var want nft.Listing
	err = apart(func() error {
		if err := f.Apply(ctx, asked); err != nil {
			return err
		}
		want, err = list(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	walls := make([]Walls, len(all))
	for i, w := range all {
		walls[i] = compare(w.Network, have, want)
	}
	return walls, nil
}

// list reads the tables of the families that holm has tables of; others' may have what this nft has no words for.
func list(ctx context.Context) (nft.Listing, error) {
	all := nft.Listing{}
	for _, family := range []string{"inet", "bridge"} {
		text, err := run.Command(ctx, "nft", "-j", "list", "ruleset", family)
		if err != nil {
			return nil, err
		}
		listed, err := nft.ParseListing(text)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, listed)
	}
	return all, nil
}

// apart does something in a network namespace of its own, which is gone afterwards.
func apart(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, and the namespace with it
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("make a network namespace to compare rules in: %w", err)
			return
		}
		done <- do()
	}()
	return <-done
}
