package agent

import (
	"context"
	"errors"
	"sync"

	"holm/guest/report"
)

// board holds how the guest is; readers are woken when it changes.
type board struct {
	mu       sync.Mutex
	current  report.Report
	instance Instance      // once it is ready
	changed  chan struct{} // closed and replaced at each change
	identity func(*report.Report)
}

func newBoard(identity func(*report.Report)) *board {
	b := &board{changed: make(chan struct{}), identity: identity}
	b.current.Stage = report.StageBoot
	return b
}

func (b *board) set(stage, note string) { b.change(stage, note, Instance{}) }

// ready is the last stage of an instance that is up.
func (b *board) ready(inst Instance) { b.readyWith(inst, "") }

// readyWith is ready, with a remark.
func (b *board) readyWith(inst Instance, note string) { b.change(report.StageReady, note, inst) }

func (b *board) change(stage, note string, inst Instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current.Stage, b.current.Note, b.instance = stage, oneLine(note, mostNote), inst
	close(b.changed)
	b.changed = make(chan struct{})
}

// read returns the report as it is now, and a channel that is closed once it is no longer true.
func (b *board) read() (report.Report, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.current
	b.identity(&r)
	return r, b.changed
}

// await waits until the guest is ready, and says which instance it is. It fails with the reason for which the guest has.
func (b *board) await(ctx context.Context) (Instance, error) {
	for {
		b.mu.Lock()
		stage, note, inst, changed := b.current.Stage, b.current.Note, b.instance, b.changed
		b.mu.Unlock()
		switch stage {
		case report.StageReady:
			return inst, nil
		case report.StageFailed:
			return Instance{}, errors.New(note)
		}
		select {
		case <-ctx.Done():
			return Instance{}, context.Cause(ctx)
		case <-changed:
		}
	}
}
