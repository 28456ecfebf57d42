package agent

import (
	"testing"
	"time"
)

func TestAClockIsSetForwardByAPauseAndByNothingElse(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	at := func(rtc, wall, up time.Duration) reading { return reading{noon.Add(rtc), noon.Add(wall), up} }
	const s = time.Second
	for name, tt := range map[string]struct {
		before, after reading
		want          time.Time // zero: it stays as it is
	}{
		"three seconds went by":                      {at(0, 0, 0), at(3*s, 3*s, 3*s), time.Time{}},
		"a second is rounded":                        {at(0, 900*time.Millisecond, 0), at(4*s, 3900*time.Millisecond, 3*s), time.Time{}},
		"a minute's pause":                           {at(0, 0, 0), at(63*s, 3*s, 3*s), noon.Add(63 * s)},
		"a night's sleep":                            {at(0, 0, 0), at(8*time.Hour, s, s), noon.Add(8 * time.Hour)},
		"the owner set another time":                 {at(0, 0, 0), at(3*s, -time.Hour, 3*s), time.Time{}},
		"NTP set the clock":                          {at(0, 0, 0), at(3*s, 40*s, 3*s), time.Time{}},
		"the kernel gave its own time to the RTC":    {at(0, 30*s, 0), at(33*s, 33*s, 3*s), time.Time{}},
		"a pause of a guest with a time of its own":  {at(0, -time.Hour, 0), at(63*s, 3*s-time.Hour, 3*s), noon.Add(63*s - time.Hour)},
		"a pause after which NTP was there already":  {at(0, 0, 0), at(63*s, 63*s, 3*s), time.Time{}},
		"a guest that is ahead of the host, paused":  {at(0, time.Hour, 0), at(63*s, time.Hour+3*s, 3*s), time.Time{}},
		"the RTC goes back, as somebody has set it":  {at(0, 0, 0), at(-time.Hour, 3*s, 3*s), time.Time{}},
		"a machine that is slow to answer, no pause": {at(0, 0, 0), at(9*s, 9*s, 9*s), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got time.Time
			if paused(tt.before, tt.after) > 0 {
				got = mended(tt.before, tt.after)
			}
			if !got.Equal(tt.want) {
				t.Errorf("the clock is set to %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAMachineWithoutAnRTCIsLeftAlone(t *testing.T) {
	(&Agent{Root: t.TempDir()}).keepTime(t.Context()) // it returns
}
