package provisioner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
)

const (
	// answersWithin is how long a guest that runs may take to say how it is before it counts as one that does not.
	answersWithin = 2 * time.Second
	// lookers is how many instances are looked at at the same time.
	lookers = 32
	// doubtWithin bounds how long a list looks at guests.
	doubtWithin = 3 * time.Second
)

// quickly asks a guest how it is now, and waits for one answer only.
func (p *Provisioner) quickly(ctx context.Context, h hypervisor.Driver, inst model.Instance) (said report.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	err = p.put(ctx, h, inst, p.watch(nil), question{
		ask: report.AskStatus, while: "running", step: "booting", hurry: true,
		answered: func(r report.Report) (bool, error) {
			said = r
			return true, nil
		},
	})
	return said, err
}

// standing is how a guest is that runs and was ready: "" when it is so still, else the word for people and why. Whether it has
// its ready port open, the hypervisor knows; only a guest that has not is asked, and one that does not answer is booting.
func (p *Provisioner) standing(ctx context.Context, h hypervisor.Driver, inst model.Instance) (word, why string) {
	text, err := h.LiveXML(ctx, inst.UUID)
	if err != nil {
		return p.standstill(ctx, h, inst)
	}
	if live, err := machine.ReadLive(text); err == nil && slices.Contains(live.Open, report.ReadyPort) {
		return "", ""
	}
	r, err := p.quickly(ctx, h, inst)
	switch {
	case fault.KindOf(err) == fault.Busy, errors.Is(err, hypervisor.ErrUnsupported):
		return "", "" // another holm speaks with it, and says what comes of it
	case err != nil:
		if word, why := p.standstill(ctx, h, inst); word != "" {
			return word, why
		}
		return string(model.Booting), "it boots anew, and does not answer yet"
	case r.Stage == report.StageFailed:
		return string(model.Failed), "the guest reports: " + noteOf(r)
	case r.Stage != report.StageReady:
		return string(model.Booting), "it boots anew: " + clean(r.Stage+" "+r.Note)
	}
	return "", ""
}

// standstill is how an instance is that has ended, or was paused, while it was looked at.
func (p *Provisioner) standstill(ctx context.Context, h hypervisor.Driver, inst model.Instance) (word, why string) {
	if state, err := h.State(ctx, inst.UUID); err == nil && state != hypervisor.Running {
		return status(model.Ready, state), ""
	}
	return "", ""
}

// doubt looks at every instance that is said to be ready and runs, and mends the word for those that are not. Guests that do
// not answer hold up nobody for longer than doubtWithin: what could not be looked at by then stays as it is on record.
func (p *Provisioner) doubt(ctx context.Context, h hypervisor.Driver, rows []Row) {
	within, cancel := context.WithTimeout(ctx, doubtWithin)
	defer cancel()
	slots := make(chan struct{}, lookers)
	var all sync.WaitGroup
	for i := range rows {
		row := &rows[i]
		if row.Status != string(model.Ready) {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if within.Err() != nil {
				return
			}
			word, _ := p.standing(within, h, model.Instance{ID: row.ID, UUID: row.UUID, Name: row.Name, Tenant: row.Tenant})
			if word != "" {
				row.Status = word
			}
		})
	}
	all.Wait()
}
