package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"holm/guest/report"
	"holm/images"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/verify"
)

// checksWithin is how long a guest may take over its checks. It needs 15 seconds when it is emulated and alone.
const checksWithin = 3 * time.Minute

// silentWithin is how long a guest that is to try its checks may take to say its first word. It says one at once.
const silentWithin = 45 * time.Second

// Check holds a running instance to its promises: the guest tries its checks, and the host its own at the same time. An
// error means that there is no verdict; a *verdict that the guest is to blame for it.
//
// around is what is on record by now.
func (svc *Service) Check(ctx context.Context, h hypervisor.Driver, inst model.Instance, around model.Around,
	w *operations.Watcher,
) (verify.Verdict, error) {
	image, err := svc.Images.Get(inst.Image)
	if err != nil {
		return verify.Verdict{}, err
	}
	if err := Promising(image, inst.Profile); err != nil {
		return verify.Verdict{}, err
	}
	subject, err := svc.subject(ctx, h, inst, image, around)
	if err != nil {
		return verify.Verdict{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var own []verify.Result
	var looking sync.WaitGroup
	looking.Go(func() { own = svc.Inspect(ctx, subject) })
	reported, why, err := svc.interrogate(ctx, h, inst, subject.Guest, w)
	subject.Guest.End()
	if err != nil {
		cancel()
	}
	looking.Wait()
	if err == nil {
		err = context.Cause(ctx) // it may have ended while only the host was still looking
	}
	if err != nil {
		return verify.Verdict{}, err
	}
	return verify.Verdict{Results: slices.Concat(verify.FromGuest(image.Checks[inst.Profile], reported, why), own)}, nil
}

// subject is what the host's checks have to know.
func (svc *Service) subject(ctx context.Context, h hypervisor.Driver, inst model.Instance, image images.Manifest,
	around model.Around,
) (verify.Subject, error) {
	boots := map[string]string{}
	for _, other := range around.Instances {
		if other.ID != inst.ID && other.BootID != "" {
			boots[other.BootID] = other.Tenant + "/" + other.Name
		}
	}
	live, err := h.LiveXML(ctx, inst.UUID)
	if err != nil {
		if ctx.Err() != nil {
			return verify.Subject{}, err
		}
		live = "" // the checks that need it say so
	}
	seed := ""
	if inst.SeedAttached {
		seed = parts.SeedPath(svc.Parts.Dir, inst.ID)
	}
	plan := svc.Parts.Plan(around.Settings, h, inst)
	plan.Image = image
	wanted, err := svc.Parts.Machine(plan, seed)
	if err != nil {
		return verify.Subject{}, err
	}
	return verify.Subject{
		Profile: inst.Profile, User: inst.User, Address: model.Text(inst.Address), HostKey: inst.HostKey, KeyPath: parts.KeyPath(svc.Dir),
		Wanted: wanted, Live: live, Image: image, Lab: around.Host.LabMode,
		SeedPath: parts.SeedPath(svc.Parts.Dir, inst.ID), Boots: boots, Guest: verify.NewAnswer(),
		Walls: func(ctx context.Context) (network.Walls, error) { return svc.Networks.Walls(ctx, inst) },
	}, nil
}

// interrogate has the guest try its checks, and tells answer what it says meanwhile. It returns what the guest reports;
// why says why that may not be all. It is not the guest's end when it fails to answer: the host's checks count all the
// same.
func (svc *Service) interrogate(ctx context.Context, h hypervisor.Driver, inst model.Instance, answer *verify.Answer,
	w *operations.Watcher,
) (checks []report.Check, why string, err error) {
	why = "the guest did not report it"
	limited, cancel := context.WithTimeout(ctx, checksWithin)
	defer cancel()
	asked, silent := svc.Now(), true
	unheard := time.AfterFunc(silentWithin, cancel)
	defer unheard.Stop()
	err = svc.Link.Ask(limited, h, inst, w, guestlink.Question{
		Ask: report.AskChecks, While: "being checked", Step: "verified", Once: true,
		Answered: func(r report.Report) (bool, error) {
			if unheard.Stop() {
				silent = false
			}
			answer.Tell(verify.Said{Report: r, Asked: asked, Heard: svc.Now()})
			switch r.Stage {
			case report.StageChecking:
				w.Note("verified", "guest: "+model.OneLine(r.Note))
				return false, nil
			case report.StageFailed:
				why = "the guest reports: " + guestlink.NoteOf(r)
				return true, nil
			case report.StageChecked:
				checks = r.Checks
				return true, errors.Join(guestlink.Accept(inst, r), guestlink.AcceptChecks(r.Checks))
			}
			return false, nil
		},
	})
	if err != nil && ctx.Err() == nil && limited.Err() != nil && silent {
		w.Note("verified", "guest: silent")
		return nil, fmt.Sprintf("the guest is silent: not a word of it within %s", silentWithin), nil
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, fmt.Sprintf("the guest did not answer within %s", checksWithin), nil
	}
	return checks, why, err
}

// Summary says in one line what a verdict came to, for people.
func Summary(v verify.Verdict) string {
	c := v.Counts()
	if v.Holds() {
		return fmt.Sprintf("%d checks passed", c.Passed)
	}
	return fmt.Sprintf("%d of %d checks do not hold", c.Failed+c.Inconclusive, total(v))
}

// total is how many checks count: what is not applicable here does not.
func total(v verify.Verdict) int {
	c := v.Counts()
	return c.Passed + c.Failed + c.Inconclusive
}

// Against is the verdict on an instance that does not keep all of its promises: the first one that does not hold, with
// those that failed before those that proved nothing.
func Against(v verify.Verdict) *guestlink.Verdict {
	bad := &guestlink.Verdict{Passed: v.Counts().Passed, Total: total(v), What: "no check was tried"}
	rest := bad.Total - bad.Passed - 1
	for _, outcome := range []report.Outcome{report.Failed, report.Inconclusive} {
		at := slices.IndexFunc(v.Results, func(r verify.Result) bool { return r.Outcome == outcome })
		if at < 0 {
			continue
		}
		r := v.Results[at]
		bad.What = fmt.Sprintf("check %s: %s", r.ID, r.Found)
		if outcome == report.Inconclusive {
			bad.What = fmt.Sprintf("check %s is inconclusive: %s", r.ID, r.Found)
		}
		if rest > 0 {
			bad.What += fmt.Sprintf(" (and %d more)", rest)
		}
		return bad
	}
	return bad
}
