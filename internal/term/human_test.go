package term_test

import (
	"math"
	"testing"
	"time"

	"holm/internal/term"
)

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 9 << 10: "9 KiB", 1536: "1.5 KiB", 20 << 30: "20 GiB",
		1<<20 - 1: "1 MiB", 650 << 20: "650 MiB", math.MaxUint64: "16 EiB",
	} {
		if got := term.Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 40 * time.Second: "40s", 2 * time.Minute: "2m", 90 * time.Minute: "1h",
		47 * time.Hour: "47h", 49 * time.Hour: "2d", 400 * 24 * time.Hour: "400d",
	} {
		if got := term.Age(d); got != want {
			t.Errorf("Age(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond: "0.4 s", 31 * time.Second: "31 s", 125 * time.Second: "2 min 5 s",
	} {
		if got := term.Elapsed(d); got != want {
			t.Errorf("Elapsed(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestTimeIsUTC(t *testing.T) {
	local := time.Date(2030, 1, 2, 3, 4, 5, 6, time.FixedZone("far", 7200))
	if got, want := term.Time(local), "2030-01-02T01:04:05Z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := term.Time(time.Time{}); got != "" {
		t.Errorf("no time is written as %q", got)
	}
}
