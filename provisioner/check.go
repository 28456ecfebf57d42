package provisioner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"holm/guest/report"
	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/verify"
)

// checksWithin is how long a guest may take over its checks. It needs 15 seconds when it is emulated and alone.
const checksWithin = 3 * time.Minute

// silentWithin is how long a guest that is to try its checks may take to say its first word. It says one at once.
const silentWithin = 45 * time.Second

// promising refuses an image that names no checks: nothing could be held against an instance of it.
func promising(image images.Manifest, profile string) error {
	if len(image.Checks[profile]) > 0 {
		return nil
	}
	return fault.New(fault.Refused, renewImage,
		"image %s was built by an older holm and names no checks for the profile %q", image.Name, profile)
}

// check holds a running instance to its promises: the guest tries its checks, and the host its own at the same time. An
// error means that there is no verdict; a *verdict that the guest is to blame for it.
func (p *Provisioner) check(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *watcher) (verify.Verdict, error) {
	image, err := p.Images.Get(inst.Image)
	if err != nil {
		return verify.Verdict{}, err
	}
	if err := promising(image, inst.Profile); err != nil {
		return verify.Verdict{}, err
	}
	subject, err := p.subject(ctx, h, inst, image)
	if err != nil {
		return verify.Verdict{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var own []verify.Result
	var looking sync.WaitGroup
	looking.Go(func() { own = p.Inspect(ctx, subject) })
	reported, why, err := p.interrogate(ctx, h, inst, subject.Guest, w)
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
func (p *Provisioner) subject(ctx context.Context, h hypervisor.Driver, inst model.Instance, image images.Manifest) (verify.Subject, error) {
	host, err := p.Records.Host(ctx)
	if err != nil {
		return verify.Subject{}, err
	}
	all, err := p.Records.List(ctx, "")
	if err != nil {
		return verify.Subject{}, err
	}
	boots := map[string]string{}
	for _, other := range all {
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
		seed = p.seedPath(inst.ID)
	}
	wanted, err := p.machine(ctx, inst, image, seed)
	if err != nil {
		return verify.Subject{}, err
	}
	return verify.Subject{
		Profile: inst.Profile, User: inst.User, Address: inst.Address, HostKey: inst.HostKey, KeyPath: KeyPath(p.Dir),
		Wanted: wanted, Live: live, Image: image, Lab: host.LabMode,
		SeedPath: p.seedPath(inst.ID), Boots: boots, Guest: verify.NewAnswer(),
		Walls: func(ctx context.Context) (network.Walls, error) { return p.walls(ctx, inst) },
	}, nil
}

// interrogate has the guest try its checks, and tells answer what it says meanwhile. It returns what the guest reports;
// why says why that may not be all. It is not the guest's end when it fails to answer: the host's checks count all the
// same.
func (p *Provisioner) interrogate(ctx context.Context, h hypervisor.Driver, inst model.Instance, answer *verify.Answer,
	w *watcher,
) (checks []report.Check, why string, err error) {
	why = "the guest did not report it"
	limited, cancel := context.WithTimeout(ctx, checksWithin)
	defer cancel()
	asked, silent := p.Now(), true
	unheard := time.AfterFunc(silentWithin, cancel)
	defer unheard.Stop()
	err = p.put(limited, h, inst, w, question{
		ask: report.AskChecks, while: "being checked", step: "verified", once: true,
		answered: func(r report.Report) (bool, error) {
			if unheard.Stop() {
				silent = false
			}
			answer.Tell(verify.Said{Report: r, Asked: asked, Heard: p.Now()})
			switch r.Stage {
			case report.StageChecking:
				w.note("verified", "guest: "+clean(r.Note))
				return false, nil
			case report.StageFailed:
				why = "the guest reports: " + noteOf(r)
				return true, nil
			case report.StageChecked:
				checks = r.Checks
				return true, errors.Join(accept(inst, r), acceptChecks(r.Checks))
			}
			return false, nil
		},
	})
	if err != nil && ctx.Err() == nil && limited.Err() != nil && silent {
		w.note("verified", "guest: silent")
		return nil, fmt.Sprintf("the guest is silent: not a word of it within %s", silentWithin), nil
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, fmt.Sprintf("the guest did not answer within %s", checksWithin), nil
	}
	return checks, why, err
}

// summary says in one line what a verdict came to, for people.
func summary(v verify.Verdict) string {
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

// against is the verdict on an instance that does not keep all of its promises: the first one that does not hold, with
// those that failed before those that proved nothing.
func against(v verify.Verdict) *verdict {
	bad := &verdict{passed: v.Counts().Passed, total: total(v), what: "no check was tried"}
	rest := bad.total - bad.passed - 1
	for _, outcome := range []report.Outcome{report.Failed, report.Inconclusive} {
		at := slices.IndexFunc(v.Results, func(r verify.Result) bool { return r.Outcome == outcome })
		if at < 0 {
			continue
		}
		r := v.Results[at]
		bad.what = fmt.Sprintf("check %s: %s", r.ID, r.Found)
		if outcome == report.Inconclusive {
			bad.what = fmt.Sprintf("check %s is inconclusive: %s", r.ID, r.Found)
		}
		if rest > 0 {
			bad.what += fmt.Sprintf(" (and %d more)", rest)
		}
		return bad
	}
	return bad
}
