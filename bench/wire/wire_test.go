//go:build bench

package main

import (
	"net"
	"testing"
)

func TestEachMeasurementComesToAnEnd(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = serve(l) }()
	defer func() { _ = l.Close() }()
	for _, what := range []string{"get", "put", "trip"} {
		if value, err := measure(t.Context(), what, l.Addr().String(), 3); err != nil || value <= 0 {
			t.Errorf("%s: %v, %v", what, value, err)
		}
	}
	if who, err := whoAmI(t.Context(), l.Addr().String()); err != nil || who != "127.0.0.1" {
		t.Errorf("who: %q, %v", who, err)
	}
}

func TestAServerThatIsGoneIsAFailure(t *testing.T) {
	if _, err := measure(t.Context(), "get", "127.0.0.1:1", 1); err == nil {
		t.Error("nobody was there, and it was measured")
	}
	if err := run(t.Context(), []string{"trip", "127.0.0.1:1", "0"}); err == nil {
		t.Error("no count, and it was measured")
	}
}
