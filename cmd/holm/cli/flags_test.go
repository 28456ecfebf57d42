package cli

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holm/internal/fault"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]uint64{
		"1K": 1 << 10, "512M": 512 << 20, "2G": 2 << 30, "2g": 2 << 30, "2GiB": 2 << 30, "2GB": 2 << 30, "3T": 3 << 40,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "G", "2", "0G", "-2G", "+2G", "2X", "2 G", "2Gi b", "1.5G", "2G\n", "99999999999999999999G", "9223372036854775807T",
		strings.Repeat("9", 64<<10) + "G", "2é",
	} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%.20q) = %d, want an error", text, got)
		} else if len(err.Error()) > 300 || strings.Contains(err.Error(), "\n") {
			t.Errorf("parseSize(%.20q): the error is not one short line: %.400q", text, err)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("512M")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := parseSize(text); err == nil && (n < 1024 || n > math.MaxInt64) {
			t.Fatalf("parseSize(%q) = %d", text, n)
		}
	})
}

func TestSizesKeepTheirUnit(t *testing.T) {
	var mib, gib int
	if err := (&SizeFlag{Count: &mib, Unit: Mebibyte}).Set("2G"); err != nil || mib != 2048 {
		t.Errorf("2G is %d MiB, %v", mib, err)
	}
	if err := (&SizeFlag{Count: &gib, Unit: Gibibyte}).Set("2T"); err != nil || gib != 2048 {
		t.Errorf("2T is %d GiB, %v", gib, err)
	}
	if err := (&SizeFlag{Count: &gib, Unit: Gibibyte}).Set("1536M"); err == nil {
		t.Error("1.5 GiB is no whole number of GiB, and was accepted")
	}
}

func TestDurationsAreShownShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Second: "1m30s", 30 * time.Second: "30s", 70 * time.Minute: "1h10m",
		10 * time.Hour: "10h",
	} {
		if got := (&durationFlag{&d}).String(); got != want {
			t.Errorf("%v is shown as %q, want %q", d, got, want)
		}
	}
}

func TestWithinSaysWhatWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := Within(t.Context(), time.Minute, "wait longer", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if got, want := err.Error(), "gave up after 1m"; got != want || fault.RemedyOf(err) != "wait longer" {
			t.Errorf("got %q, remedy %q, want %q", got, fault.RemedyOf(err), want)
		}
	})
	own := fault.New(fault.CheckFailed, "see the log", "not ready: %w", context.DeadlineExceeded)
	if err := Within(t.Context(), time.Minute, "", func(context.Context) error { return own }); !errors.Is(err, own) {
		t.Errorf("a fault that knows better was replaced by %v", err)
	}
}
