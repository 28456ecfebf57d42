//go:build bench

package main

import "testing"

// The rows call the first way holm's own, and the last one the guest itself.
func TestTheWaysBeginWithTheDefaultAndEndWithoutAContainer(t *testing.T) {
	ways := networkWays()
	if first := ways[0]; first.name != "slirp4netns" || first.port != containerPort {
		t.Errorf("the first is %+v: profile docker has slirp4netns", first)
	}
	if last := ways[len(ways)-1]; last.env != "" || last.port != barePort {
		t.Errorf("the last is %+v", last)
	}
}
