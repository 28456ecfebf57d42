package views

import (
	"context"
	"errors"
	"slices"
	"sync"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// standing is how a guest is that runs and was ready: "" when it is so still, else the word for people and why. Whether it has
// its ready port open, the hypervisor knows; only a guest that has not is asked, and one that does not answer is booting.
func (svc *Service) standing(ctx context.Context, h hypervisor.Driver, inst model.Instance) (word, why string) {
	text, err := h.LiveXML(ctx, inst.UUID)
	if err != nil {
		return svc.standstill(ctx, h, inst)
	}
	if live, err := machine.ReadLive(text); err == nil && slices.Contains(live.Open, report.ReadyPort) {
		return "", ""
	}
	r, err := svc.Link.Quickly(ctx, h, inst)
	switch {
	case fault.KindOf(err) == fault.Busy, errors.Is(err, hypervisor.ErrUnsupported):
		return "", "" // another holm speaks with it, and says what comes of it
	case err != nil:
		if word, why := svc.standstill(ctx, h, inst); word != "" {
			return word, why
		}
		return string(model.Booting), "it boots anew, and does not answer yet"
	case r.Stage == report.StageFailed:
		return string(model.Failed), "the guest reports: " + guestlink.NoteOf(r)
	case r.Stage != report.StageReady:
		return string(model.Booting), "it boots anew: " + model.OneLine(r.Stage+" "+r.Note)
	}
	return "", ""
}

// standstill is how an instance is that has ended, or was paused, while it was looked at.
func (svc *Service) standstill(ctx context.Context, h hypervisor.Driver, inst model.Instance) (word, why string) {
	if state, err := h.State(ctx, inst.UUID); err == nil && state != hypervisor.Running {
		return operations.StatusOf(model.Ready, state), ""
	}
	return "", ""
}

// doubt looks at every instance that is said to be ready and runs, and mends the word for those that are not. Guests that do
// not answer hold up nobody for longer than doubtWithin: what could not be looked at by then stays as it is on record.
func (svc *Service) doubt(ctx context.Context, h hypervisor.Driver, rows []Row) {
	within, cancel := context.WithTimeout(ctx, guestlink.DoubtWithin)
	defer cancel()
	slots := make(chan struct{}, guestlink.Lookers)
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
			word, _ := svc.standing(within, h, model.Instance{ID: row.ID, UUID: row.UUID, Name: row.Name, Tenant: row.Tenant})
			if word != "" {
				row.Status = word
			}
		})
	}
	all.Wait()
}
