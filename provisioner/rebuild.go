package provisioner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// Rebuild replaces the operating system of an instance and keeps its state volume: another image, and a reboot. An image
// with which the instance does not become ready is taken out again, and the instance returns to the one that it had. ref
// is the image; "" is the newest of the name that the instance's own has.
//
// The record says the new image before anything is touched, and keeps the old one until the new one has proven itself:
// after a death of the process, Start goes on with the new one, and another Rebuild goes where it is told to.
func (p *Provisioner) Rebuild(ctx context.Context, tenant, name, ref string, observe Observer) (model.Instance, error) {
	h, inst, release, err := p.hold(ctx, tenant, name, atOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, unfinished(inst)
	}
	image, err := p.rebuildable(inst, ref)
	if err != nil {
		return inst, err
	}
	if state, err := h.State(ctx, inst.UUID); err != nil {
		return inst, err
	} else if state == hypervisor.Paused || state == hypervisor.Stalled {
		return inst, notRunning(inst, state)
	}
	if err := errors.Join(p.mayEmulate(ctx, inst), p.stillMayLie(ctx, inst)); err != nil {
		return inst, oneError(err)
	}
	w := p.watch(observe)
	w.begin("admitted")
	w.finish("admitted", fmt.Sprintf("%s@%s → %s@%s", inst.ImageName, shortHex(inst.Image), image.Name, shortHex(image.Digest)))
	if image.Digest == inst.Image && inst.Previous == nil {
		return p.catchUpOrStart(ctx, h, inst, w)
	}
	var rebuilt model.Instance
	err = p.journaled(ctx, "rebuild", inst, func() error {
		var err error
		rebuilt, err = p.exchange(ctx, h, inst, image, w)
		return err
	})
	return rebuilt, err
}

// rebuildable finds the image that an instance is to be rebuilt with.
func (p *Provisioner) rebuildable(inst model.Instance, ref string) (images.Manifest, error) {
	if ref == "" {
		ref = inst.ImageName
	}
	image, err := p.Images.Get(ref)
	if err != nil {
		return image, err
	}
	if !slices.Contains(image.Profiles, inst.Profile) {
		return image, fault.New(fault.Refused, "see what an image can be: holm image show "+image.Name,
			"image %s has no profile %q", image.Name, inst.Profile)
	}
	if inst.ReadyAt.IsZero() {
		return image, fault.New(fault.Refused, "make it anew: "+command("rm", inst)+", then holm create "+inst.Name,
			"instance %q was never ready: there is no state to keep", inst.Name)
	}
	return image, nil
}

// exchange puts the new image in, and the old one back when the new one comes to nothing.
func (p *Provisioner) exchange(ctx context.Context, h hypervisor.Driver, inst model.Instance, image images.Manifest,
	w *watcher,
) (model.Instance, error) {
	old := model.ImageRef{Digest: inst.Image, Name: inst.ImageName, Unlocked: inst.Unlocked}
	if inst.Previous != nil { // a rebuild that was cut short: what was proven last is what to go back to
		old = *inst.Previous
	}
	next := model.ImageRef{Digest: image.Digest, Name: image.Name, Unlocked: image.Unlocked}
	rebuilt, failed := p.boots(ctx, h, inst, next, old, w)
	if failed == nil {
		return rebuilt, nil
	}
	if ctx.Err() != nil || errors.Is(failed, errGaveWay) {
		kind, _ := diagnose(failed)
		return rebuilt, fault.New(kind,
			"finish it: "+command("rebuild --keep-state", inst)+"      or go back: "+command("rebuild --keep-state --image "+old.Digest, inst),
			"the rebuild of %q is not finished: %w", inst.Name, oneError(failed))
	}
	w.begin("returning")
	w.finish("returning", old.Name+"@"+shortHex(old.Digest))
	returned, err := p.boots(ctx, h, rebuilt, old, old, w)
	kind, _ := diagnose(failed)
	if err != nil {
		return returned, fault.New(kind, "see: "+command("logs", inst),
			"instance %q is ready neither with image %s nor with %s, which it had: %w",
			inst.Name, shortHex(next.Digest), shortHex(old.Digest), oneError(failed, err))
	}
	return returned, fault.New(kind, "find out why on an instance of its own: holm create NAME --image "+next.Digest,
		"instance %q runs its old image %s again, because with %s: %w", inst.Name, shortHex(old.Digest), shortHex(next.Digest), oneError(failed))
}

// boots has the instance run an image and waits until it is ready. previous is what to return to; as long as it is on
// record, a start tells libvirt of the image anew.
func (p *Provisioner) boots(ctx context.Context, h hypervisor.Driver, inst model.Instance, image, previous model.ImageRef,
	w *watcher,
) (model.Instance, error) {
	changed, err := p.putWithImage(ctx, image.Digest, func() (model.Instance, error) {
		return p.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
			i.Image, i.ImageName, i.Unlocked, i.Previous = image.Digest, image.Name, image.Unlocked, &previous
			return nil
		})
	})
	if err != nil {
		return inst, err
	}
	p.crash("rebuild.recorded")
	stopped, err := p.settleDown(ctx, h, changed, w)
	if err != nil {
		return changed, err
	}
	p.crash("rebuild.stopped")
	return p.powerOn(ctx, h, stopped, w)
}

// catchUpOrStart is for an instance that has the image already.
func (p *Provisioner) catchUpOrStart(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *watcher) (model.Instance, error) {
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if state == hypervisor.Running {
		return p.catchUp(ctx, h, inst, w)
	}
	return p.powerOn(ctx, h, inst, w)
}

// shortHex is the digest as people compare it, without the name of the hash.
func shortHex(digest string) string {
	const prefix = len("sha256:")
	return digest[min(prefix, len(digest)):min(prefix+12, len(digest))]
}
