//go:build bench

package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummariesAreMedianAndNearestRank(t *testing.T) {
	upTo := func(n int) (values []float64) {
		for i := range n {
			values = append(values, float64(n-i))
		}
		return values
	}
	for name, c := range map[string]struct {
		rounds      []float64
		median, p95 float64
	}{
		"one round is its own median":       {upTo(1), 1, 1},
		"an even number takes the middle":   {upTo(4), 2.5, 4},
		"an odd number has a middle":        {upTo(7), 4, 7},
		"of twenty the nineteenth is meant": {upTo(20), 10.5, 19},
	} {
		t.Run(name, func(t *testing.T) {
			kept := slices.Clone(c.rounds)
			got := summarize(c.rounds)
			if diff := cmp.Diff(sample{Median: c.median, P95: c.p95, Rounds: kept}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLegsAlternateAndEachComesFirst(t *testing.T) {
	var order []string
	legNamed := func(name string, value float64) leg {
		return func(context.Context) (float64, error) {
			order = append(order, name)
			return value, nil
		}
	}
	got, err := alternate(t.Context(), 3, func(string) {}, legNamed("a", 1), legNamed("b", 2), legNamed("c", 3))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a b c b c a c a b", strings.Join(order, " ")); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for i, s := range got {
		if want := float64(i + 1); s.Median != want || len(s.Rounds) != 3 {
			t.Errorf("leg %d: %+v", i, s)
		}
	}
}

func TestALegThatFailsEndsTheRow(t *testing.T) {
	broken := errors.New("broken")
	_, err := alternate(t.Context(), 3, func(string) {}, func(context.Context) (float64, error) { return 0, broken })
	if !errors.Is(err, broken) {
		t.Errorf("error: %v", err)
	}
}
