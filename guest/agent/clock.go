package agent

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const rtcDevice = "/dev/rtc0"

// How often the two clocks are compared, and by how much they may drift apart in between: the machine's own tells whole
// seconds.
const (
	clockEvery = 3 * time.Second
	clockSlack = 2 * time.Second
)

// reading is what the clocks said at one moment.
type reading struct {
	rtc  time.Time     // of the machine, which goes on while the guest is paused: whole seconds
	wall time.Time     // of this kernel, which does not
	up   time.Duration // since the boot, without pauses
}

// paused is how long the guest did not run between two readings. What somebody did to the kernel's clock in between does not
// count: neither NTP nor the guest's owner is fought.
func paused(before, after reading) time.Duration {
	gone := after.rtc.Sub(before.rtc) - (after.up - before.up)
	behind := after.rtc.Sub(after.wall)
	if gone <= clockSlack || behind <= clockSlack {
		return 0
	}
	return gone
}

// mended is the time to set after a pause. Clocks that agreed before agree again; where the guest had a time of its own, the
// pause is added to it.
func mended(before, after reading) time.Time {
	if before.rtc.Sub(before.wall).Abs() <= clockSlack {
		return after.rtc
	}
	return after.wall.Add(paused(before, after))
}

// keepTime sets the clock forward after a pause: a full pool, a host that slept, an operator. It needs no network.
func (a *Agent) keepTime(ctx context.Context) {
	again := time.NewTicker(clockEvery)
	defer again.Stop()
	before, err := a.readClocks()
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		after, readErr := a.readClocks()
		if readErr != nil {
			continue // somebody else has the clock open
		}
		if paused(before, after) > 0 {
			after, err = a.setForward(ctx, before)
		}
		before = after
	}
}

// setForward waits for a second to begin, so that what it sets is right to the millisecond, and returns what the clocks say
// then.
func (a *Agent) setForward(ctx context.Context, before reading) (reading, error) {
	first, err := a.readClocks()
	after := first
	for err == nil && ctx.Err() == nil && after.rtc.Equal(first.rtc) {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
		after, err = a.readClocks()
	}
	if err != nil || ctx.Err() != nil {
		return before, nil //nolint:nilerr // it is tried again
	}
	gone := paused(before, after)
	if gone == 0 {
		return after, nil
	}
	now := unix.NsecToTimespec(mended(before, after).UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &now); err != nil {
		return after, fmt.Errorf("set the clock: %w", err)
	}
	fmt.Fprintf(os.Stderr, "holm-agent: this machine was paused for %s: the clock is set forward\n", gone.Round(time.Second))
	return a.readClocks()
}

func (a *Agent) readClocks() (r reading, err error) {
	f, err := os.Open(a.path(rtcDevice))
	if err != nil {
		return r, err
	}
	defer func() { _ = f.Close() }()
	rtc, err := unix.IoctlGetRTCTime(int(f.Fd())) // #nosec G115 -- a file's number
	if err != nil {
		return r, err
	}
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &up); err != nil {
		return r, err
	}
	r.rtc = time.Date(int(rtc.Year)+1900, time.Month(rtc.Mon+1), int(rtc.Mday), int(rtc.Hour), int(rtc.Min), int(rtc.Sec), 0, time.UTC)
	r.wall, r.up = time.Now().UTC().Round(0), time.Duration(up.Nano())
	return r, nil
}
