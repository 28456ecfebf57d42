package provisioner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"holm/guest/report"
	"holm/storage/records"
)

// What a guest may say at most: checks in one report, and bytes while it is waited for once.
const (
	maxChecks = 256
	maxSaid   = 4 << 20
)

// askAgain is after how much silence the question is put again: the guest may have booted anew since it was asked, or
// its agent may have. endWithin is how long the hypervisor may take to tell of the end of a guest whose port has ended.
const (
	askAgain  = 15 * time.Second
	endWithin = 10 * time.Second
)

// heard is a report, or why there will be no more.
type heard struct {
	report report.Report
	err    error
}

// converse asks the guest how it is until it is ready or has failed. Whatever arrives is hostile until accept passed.
// A *verdict is the guest's own failure; any other error says nothing of the guest.
func (p *Provisioner) converse(ctx context.Context, h Hypervisor, inst records.Instance, w *watcher) (report.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := h.Watch(ctx, inst.UUID)
	if err != nil {
		return report.Report{}, err
	}
	port, err := h.Channel(ctx, inst.UUID, report.Port)
	if err != nil {
		// A guest that has ended already has no port, and that is what there is to say.
		if state, stateErr := h.State(ctx, inst.UUID); stateErr == nil && off(state) {
			return report.Report{}, p.end(inst, DomainEvent{State: state, Reason: string(state)})
		}
		return report.Report{}, err
	}
	// Closing ends a read or a write that waits for the guest.
	stop := context.AfterFunc(ctx, func() { _ = port.Close() })
	defer func() {
		stop()
		_ = port.Close()
	}()
	nonce := randomHex(16)
	reports := make(chan heard)
	go ask(ctx, port, nonce)
	go hear(ctx, port, nonce, reports)
	return p.listen(ctx, inst, events, reports, w)
}

func (p *Provisioner) listen(ctx context.Context, inst records.Instance, events <-chan DomainEvent, reports <-chan heard, w *watcher) (report.Report, error) {
	var silent <-chan time.Time
	noted := ""
	for {
		select {
		case <-ctx.Done():
			return report.Report{}, context.Cause(ctx)
		case <-silent:
			return report.Report{}, errors.New("its port has closed")
		case e, open := <-events:
			switch {
			case !open:
				return report.Report{}, lost(ctx)
			case off(e.State):
				return report.Report{}, p.end(inst, e)
			case e.State == DomainPaused:
				w.note("booting", "paused by the hypervisor")
			}
		case said, open := <-reports:
			if !open {
				reports, silent = nil, time.After(endWithin) // the guest has ended: an event says how
				continue
			}
			if said.err != nil {
				return report.Report{}, said.err
			}
			r := said.report
			if note := "guest: " + clean(r.Stage+" "+r.Note); note != noted {
				w.note("booting", note)
				noted = note
			}
			switch r.Stage {
			case report.StageFailed:
				return r, failure(r)
			case report.StageReady:
				return r, accept(inst, r)
			}
		}
	}
}

// ask puts the question, again and again: it gets lost when the guest, or its agent, boots anew. It ends with the port.
func ask(ctx context.Context, port io.Writer, nonce string) {
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for json.NewEncoder(port).Encode(report.Question{Version: report.Version, Nonce: nonce}) == nil {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// hear passes on the answers to our question, and drops everything else. It ends with the port.
func hear(ctx context.Context, port io.Reader, nonce string, out chan<- heard) {
	defer close(out)
	pass := func(h heard) bool {
		select {
		case out <- h:
			return true
		case <-ctx.Done():
			return false
		}
	}
	limited := &io.LimitedReader{R: port, N: maxSaid}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, report.MaxLine)
	for lines.Scan() {
		var r report.Report
		if json.Unmarshal(lines.Bytes(), &r) != nil || r.Nonce != nonce || len(r.Checks) > maxChecks {
			continue
		}
		if !pass(heard{report: r}) {
			return
		}
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		pass(heard{err: &verdict{what: fmt.Sprintf("the guest sent a line of more than %d KiB", report.MaxLine>>10)}})
	case limited.N <= 0:
		pass(heard{err: &verdict{what: fmt.Sprintf("the guest sent more than %d MiB and is not ready", maxSaid>>20)}})
	}
}
