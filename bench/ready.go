//go:build bench

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holm/cloudinit"
	"holm/guest/report"
	"holm/provisioner/network"
)

// readyWithin bounds one boot.
const readyWithin = 15 * time.Minute

// measureReady compares "holm create" to its end with the same image booted as a distribution would: no unit masked,
// all stages and modules of cloud-init, and without holm's checks. It gives the rows of what the volumes take then, and of
// checking once more, as well.
func measureReady(ctx context.Context, l *lab, rounds int) ([]row, error) {
	var tunedBytes, untunedBytes, verified []float64
	tuned := func(ctx context.Context) (float64, error) {
		took, size, again, err := l.holmReady(ctx)
		tunedBytes, verified = append(tunedBytes, size), append(verified, again)
		return took, err
	}
	untuned := func(ctx context.Context) (float64, error) {
		took, size, err := l.untunedReady(ctx)
		untunedBytes = append(untunedBytes, size)
		return took, err
	}
	s, err := alternate(ctx, rounds, l.say, tuned, untuned)
	if err != nil {
		return nil, err
	}
	return []row{
		against("start to ready", inSeconds, s[0], "untuned image", s[1], goal{Ratio: 0.5}),
		alone("start to ready", inSeconds, s[0], goal{Most: 47.5}),
		alone("verify", inSeconds, summarize(verified), goal{Most: 15}),
		against("disk, when ready", inBytes, summarize(tunedBytes), "untuned image", summarize(untunedBytes), goal{}),
	}, nil
}

// holmReady times a whole "holm create", its checks included, counts the bytes of the instance's folder afterwards, and times
// a "holm verify".
func (l *lab) holmReady(ctx context.Context) (took, size, verified float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	c, err := l.beginCreate(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, l.remove(ctx)) }()
	if _, err := c.untilRunning(ctx); err != nil {
		c.stop()
		<-c.ended
		return 0, 0, 0, err
	}
	<-c.ended
	took = time.Since(c.begun).Seconds()
	c.stop()
	if c.err != nil {
		return 0, 0, 0, fmt.Errorf("holm create: %w", c.err)
	}
	if size, err = allocated(c.dir); err != nil {
		return took, 0, 0, err
	}
	again := time.Now()
	_, err = l.run(ctx, "verify", instance)
	return took, size, time.Since(again).Seconds(), err
}

// untunedReady does what "holm create" does for the machine, but with a seed that names all of cloud-init's default
// modules and a command line on which holm-init masks nothing.
func (l *lab) untunedReady(ctx context.Context) (took, size float64, err error) {
	const name = "holm-bench-untuned"
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	dir, err := l.scratch("peer")
	if err != nil {
		return 0, 0, err
	}
	if err := l.needNetwork(ctx); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.removeAll(ctx, name, dir)) }()
	begun := time.Now()
	if err := l.layDisks(ctx, dir, cloudinit.DefaultModules()); err != nil {
		return 0, 0, err
	}
	xml, err := l.domainIn(dir, name, " holm.untuned")
	if err != nil {
		return 0, 0, err
	}
	if err := l.host.Define(ctx, xml); err != nil {
		return 0, 0, err
	}
	if err := l.host.Start(ctx, network.UUID(name)); err != nil {
		return 0, 0, err
	}
	if err := l.listen(ctx, network.UUID(name)); err != nil {
		return 0, 0, err
	}
	took = time.Since(begun).Seconds()
	size, err = allocated(dir)
	return took, size, err
}

// listen asks the guest's agent how it is until it is as ready as an untuned guest can be.
func (l *lab) listen(ctx context.Context, uuid string) error {
	port, err := l.host.Channel(ctx, uuid, report.Channel)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = port.Close() })
	defer func() { stop(); _ = port.Close() }()
	if err := json.NewEncoder(port).Encode(report.Question{Version: report.Version, Nonce: "bench"}); err != nil {
		return err
	}
	lines := bufio.NewScanner(port)
	lines.Buffer(nil, report.MaxLine)
	for lines.Scan() {
		var r report.Report
		if json.Unmarshal(lines.Bytes(), &r) != nil || r.Nonce != "bench" {
			continue
		}
		l.say(fmt.Sprintf("    untuned: %s %s", r.Stage, r.Note))
		switch r.Stage {
		case report.StageReady:
			return nil
		case report.StageFailed:
			return fmt.Errorf("the untuned guest: %s", r.Note)
		}
	}
	return errors.Join(errors.New("the untuned guest ended, or was not ready in time"), context.Cause(ctx), lines.Err())
}
