//go:build bench

package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// leg is one of the ways that a row compares. It returns what it measured: seconds or bytes.
type leg func(ctx context.Context) (float64, error)

// sample is what the rounds of a leg came to.
type sample struct {
	Median float64   `json:"median"`
	P95    float64   `json:"p95"`
	Rounds []float64 `json:"rounds"`
}

// alternate runs the legs one after the other, round after round, so that what else the machine does meets all of
// them. Each round begins with another leg, for the one that comes first finds colder caches.
func alternate(ctx context.Context, rounds int, say func(string), legs ...leg) ([]sample, error) {
	samples := make([]sample, len(legs))
	for round := range rounds {
		say(fmt.Sprintf("  round %d of %d", round+1, rounds))
		for i := range legs {
			which := (round + i) % len(legs)
			value, err := legs[which](ctx)
			if err != nil {
				return nil, err
			}
			samples[which].Rounds = append(samples[which].Rounds, value)
		}
	}
	for i := range samples {
		samples[i] = summarize(samples[i].Rounds)
	}
	return samples, nil
}

// summarize needs one round at least. The 95th percentile is a value that was measured, the nearest rank.
func summarize(rounds []float64) sample {
	sorted := slices.Sorted(slices.Values(rounds))
	n := len(sorted)
	rank := int(math.Ceil(0.95*float64(n))) - 1
	return sample{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, P95: sorted[rank], Rounds: rounds}
}

// stopwatch measures f in seconds.
func stopwatch(f func() error) (float64, error) {
	begun := time.Now()
	err := f()
	return time.Since(begun).Seconds(), err
}
