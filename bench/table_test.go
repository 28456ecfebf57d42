//go:build bench

package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func of(v float64) sample { return summarize([]float64{v}) }

func TestTheTableFitsEightyColumnsAndSaysWhatWasMissed(t *testing.T) {
	var out strings.Builder
	err := printTable(&out, []row{
		against("seed, not synced", inSeconds, of(0.0004), "genisoimage, synced", of(0.0131), goal{Ratio: 0.1}),
		against("create to running", inSeconds, of(1.58), "define + start", of(1.2), goal{Ratio: 1.2}),
		against("disk, new instance", inBytes, of(248<<10), "full copy", of(526<<20), goal{}),
		alone("start to ready", inSeconds, of(138), goal{Most: 45}),
		alone("ls 10,000, records", inSeconds, of(0.04), goal{Most: 0.05}),
		alone("image, root", inMB, of(550), goal{Most: 700}),
		against("port, download", inRate, of(61.4e6), "no container", of(98e6), goal{}),
		against("names, known", inPerSecond, of(812.3), "on the host", of(6500), goal{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
ROW                    HOLM  PEER                  PEER'S   RATIO  GOAL
seed, not synced    0.40 ms  genisoimage, synced    13 ms   0.031  ≤ 0.1 met
create to running    1.58 s  define + start        1.20 s    1.32  ≤ 1.2 MISSED
disk, new instance  248 KiB  full copy            526 MiB  <0.001  -
start to ready        138 s  -                          -       -  ≤ 45 s MISSED
ls 10,000, records    40 ms  -                          -       -  ≤ 50 ms met
image, root          550 MB  -                          -       -  ≤ 700 MB met
port, download      61 MB/s  no container         98 MB/s    0.63  -
names, known          812/s  on the host           6500/s    0.12  -
`, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > tableWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestARowWithoutAGoalIsNotJudged(t *testing.T) {
	if r := against("disk", inBytes, of(1), "overlay", of(2), goal{}); r.Met != nil || r.verdict() != "-" || r.Ratio != 0.5 {
		t.Errorf("%+v", r)
	}
}

func TestASlowRateIsNotRoundedToNothing(t *testing.T) {
	if got := amount(inRate, 5.71e6); got != "5.7 MB/s" {
		t.Errorf("%q", got)
	}
}
