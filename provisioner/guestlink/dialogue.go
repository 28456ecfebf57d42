package guestlink

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"holm/guest/report"
	"holm/internal/debuglog"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// What a guest may say at most: checks in one report, and bytes in answer to one question.
const (
	maxChecks = 256
	maxSaid   = 4 << 20
)

// askAgain is after how much time the question is put again: the guest may have booted anew since it was asked, or
// its agent may have. endWithin is how long the hypervisor may take to tell of the end of a guest whose port has ended.
const (
	askAgain  = 15 * time.Second
	endWithin = 10 * time.Second
)

// Question is one question to a guest, and what becomes of its answers.
type Question struct {
	Ask   string              // report.AskStatus or another
	Long  time.Duration       // report.AskCapabilities: how long to watch
	Bytes uint64              // report.AskGrow: how large the disk is
	Ports []report.Port       // report.AskStatus and report.AskExpose
	World *report.Environment // report.AskStatus and report.AskEnvironment
	While string              // what the guest is doing meanwhile: "booting"
	Step  string              // the step that a person sees
	// once is for a question that is not put again when an answer has begun: it would begin anew.
	Once bool
	// hurry is for a question that is not worth waiting for while another holm speaks with the guest.
	hurry bool
	// answered takes each answer, until it is the last one or an error. What arrives is hostile.
	Answered func(r report.Report) (last bool, err error)
}

// heard is a report, or why there will be no more.
type heard struct {
	report report.Report
	err    error
}

// Converse tells the guest of the world and asks how it is until it is ready or has failed. A *verdict is the guest's own failure; any
// other error says nothing of the guest.
func (l *Link) Converse(ctx context.Context, h hypervisor.Driver, inst model.Instance, world *report.Environment,
	w *operations.Watcher,
) (report.Report, error) {
	var said report.Report
	noted := ""
	err := l.Ask(ctx, h, inst, w, Question{
		Ask: report.AskStatus, World: world, Ports: GuestPorts(inst), While: "booting", Step: "booting",
		Answered: func(r report.Report) (bool, error) {
			said = r
			if note := "guest: " + model.OneLine(r.Stage+" "+r.Note); note != noted {
				w.Note("booting", note)
				noted = note
			}
			switch r.Stage {
			case report.StageFailed:
				return true, Failure(r)
			case report.StageReady:
				return true, Accept(inst, r)
			}
			return false, nil
		},
	})
	return said, err
}

// Ask opens the guest's port, puts a question and passes on the answers to it. It is told by the hypervisor when the
// guest ends. The debug log is told how far the guest says to be, and nothing else of what is said.
func (l *Link) Ask(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *operations.Watcher, q Question) error {
	span := debuglog.Begin(ctx, "guest", slog.String("question", cmp.Or(q.Ask, "status")),
		slog.String("instance", inst.Name), slog.String("uuid", inst.UUID))
	stage, answers, answered := "", 0, q.Answered
	q.Answered = func(r report.Report) (bool, error) {
		if answers++; r.Stage != stage {
			stage = r.Stage
			span.Note(slog.String("stage", model.OneLine(stage)))
		}
		return answered(r)
	}
	err := l.dialogue(ctx, h, inst, w, q)
	span.End(slog.String("stage", model.OneLine(stage)), slog.Int("answers", answers), debuglog.Err(err))
	return err
}

func (l *Link) dialogue(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *operations.Watcher, q Question) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := h.Watch(ctx, inst.UUID)
	if err != nil {
		return err
	}
	port, err := openPort(ctx, h, inst, q.hurry)
	if err != nil {
		// A guest that has ended already has no port, and that is what there is to say.
		if state, stateErr := h.State(ctx, inst.UUID); stateErr == nil && operations.Down(state) {
			return l.end(inst, q.While, hypervisor.Event{State: state, Reason: string(state)})
		}
		return err
	}
	// Closing ends a read or a write that waits for the guest.
	stop := context.AfterFunc(ctx, func() { _ = port.Close() })
	defer func() {
		stop()
		_ = port.Close()
	}()
	nonce := operations.RandomHex(16)
	reports := make(chan heard)
	asking, hush := context.WithCancel(ctx)
	defer hush()
	go sendQuestion(asking, port, report.Question{
		Version: report.Version, Nonce: nonce, Ask: q.Ask, Seconds: int(q.Long.Seconds()), Bytes: q.Bytes,
		Ports: q.Ports, Environment: q.World,
	})
	go readReports(ctx, port, nonce, reports)
	if answered := q.Answered; q.Once {
		q.Answered = func(r report.Report) (bool, error) {
			hush()
			return answered(r)
		}
	}
	return l.listen(ctx, inst, events, reports, w, q)
}

// busyWithin is how long a holm that only looks may have the port of a guest; whoever has it longer is at work on it.
const busyWithin = 2 * answersWithin

// openPort opens the guest's port. It takes turns with those who only look how the guest is.
func openPort(ctx context.Context, h hypervisor.Driver, inst model.Instance, hurry bool) (io.ReadWriteCloser, error) {
	for waited := time.Duration(0); ; waited += 100 * time.Millisecond {
		port, err := h.Channel(ctx, inst.UUID, report.Channel)
		if fault.KindOf(err) != fault.Busy || hurry || waited >= busyWithin {
			return port, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *Link) listen(ctx context.Context, inst model.Instance, events <-chan hypervisor.Event, reports <-chan heard, w *operations.Watcher,
	q Question,
) error {
	var silent <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-silent:
			return errors.New("its port has closed")
		case e, open := <-events:
			switch {
			case !open:
				return Lost(ctx)
			case operations.Down(e.State):
				return l.end(inst, q.While, e)
			case e.State == hypervisor.Paused:
				w.Note(q.Step, "paused by the hypervisor")
			case e.State == hypervisor.Stalled:
				w.Note(q.Step, "paused: a disk has failed, or has no space")
			}
		case said, open := <-reports:
			if !open {
				reports, silent = nil, time.After(endWithin) // the guest has ended: an event says how
				continue
			}
			if said.err != nil {
				return said.err
			}
			if said.report.Version != report.Version {
				return versionMismatch(said.report.Version)
			}
			if last, err := q.Answered(said.report); last || err != nil {
				return err
			}
		}
	}
}

// versionMismatch is the verdict on a guest whose image was built by an older holm, or by a newer one.
func versionMismatch(version int) error {
	return &Verdict{
		What:   fmt.Sprintf("its image speaks version %d of holm's language, and this holm version %d", version, report.Version),
		remedy: RenewImage(),
	}
}

// RenewImage is the remedy for an image that is too old to be verified.
func RenewImage() fault.Remedies {
	return fault.Try("build the image anew", "image build").Or("give it to the instance then", "rebuild", "--keep-state", "NAME")
}

// ask puts the question, again and again: it gets lost when the guest, or its agent, boots anew. It ends with the port.
func sendQuestion(ctx context.Context, port io.Writer, q report.Question) {
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for ctx.Err() == nil && json.NewEncoder(port).Encode(q) == nil {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// hear passes on the answers to our question, and drops everything else. It ends with the port.
func readReports(ctx context.Context, port io.Reader, nonce string, out chan<- heard) {
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
		r, ok := ParseReport(lines.Bytes(), nonce)
		if ok && !pass(heard{report: r}) {
			return
		}
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		pass(heard{err: &Verdict{What: fmt.Sprintf("the guest sent a line of more than %d KiB", report.MaxLine>>10)}})
	case limited.N <= 0:
		pass(heard{err: &Verdict{What: fmt.Sprintf("the guest sent more than %d MiB and no answer", maxSaid>>20)}})
	}
}

// ParseReport reads one line of a guest; false for one that is no answer to the question with that nonce.
func ParseReport(line []byte, nonce string) (report.Report, bool) {
	var r report.Report
	if json.Unmarshal(line, &r) != nil || r.Nonce != nonce || len(r.Checks) > maxChecks {
		return report.Report{}, false
	}
	return r, true
}
