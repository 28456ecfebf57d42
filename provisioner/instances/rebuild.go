package instances

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/tenants"
)

// Rebuild replaces the operating system of an instance and keeps its state volume: another image, and a reboot. An image
// with which the instance does not become ready is taken out again, and the instance returns to the one that it had. ref
// is the image; "" is the newest of the name that the instance's own has.
//
// The record says the new image before anything is touched, and keeps the old one until the new one has proven itself:
// after a death of the process, Start goes on with the new one, and another Rebuild goes where it is told to.
func (c *Changer) Rebuild(ctx context.Context, tenant, name, ref string, observe operations.Observer) (model.Instance, error) {
	h, inst, release, err := c.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	image, err := c.rebuildable(inst, ref)
	if err != nil {
		return inst, err
	}
	if state, err := h.State(ctx, inst.UUID); err != nil {
		return inst, err
	} else if state == hypervisor.Paused || state == hypervisor.Stalled {
		return inst, operations.NotRunning(inst, state)
	}
	set, err := c.Records.Settings(ctx)
	if err != nil {
		return inst, err
	}
	if err := errors.Join(hosts.Emulates(inst, set.Host), tenants.RecheckResidency(set, inst)); err != nil {
		return inst, operations.OneError(err)
	}
	w := c.Operations.Watch(observe)
	w.Begin("admitted")
	w.Finish("admitted", fmt.Sprintf("%s@%s → %s@%s", inst.ImageName, shortHex(inst.Image), image.Name, shortHex(image.Digest)))
	if image.Digest == inst.Image && inst.Previous == nil {
		return c.catchUpOrStart(ctx, h, inst, w)
	}
	var rebuilt model.Instance
	err = c.Power.journaled(ctx, "rebuild", inst, func() error {
		var err error
		rebuilt, err = c.replaceImage(ctx, h, inst, image, w)
		return err
	})
	return rebuilt, err
}

// rebuildable finds the image that an instance is to be rebuilt with.
func (c *Changer) rebuildable(inst model.Instance, ref string) (images.Manifest, error) {
	if ref == "" {
		ref = inst.ImageName
	}
	image, err := c.Images.Get(ref)
	if err != nil {
		return image, err
	}
	if !slices.Contains(image.Profiles, inst.Profile) {
		return image, fault.New(fault.ImageUnsuitable, fault.Try("see what an image can be", "image show", image.Name),
			"image %s has no profile %q", fault.Image(image.Name), fault.Profile(inst.Profile))
	}
	if inst.ReadyAt.IsZero() {
		return image, fault.New(fault.Refused, model.Try("remove it", "rm", inst).Or("make it anew then", "create", inst.Name),
			"instance %q was never ready: there is no state to keep", fault.Instance(inst.Name))
	}
	return image, nil
}

// replaceImage puts the new image in, and the old one back when the new one comes to nothing.
func (c *Changer) replaceImage(ctx context.Context, h hypervisor.Driver, inst model.Instance, image images.Manifest,
	w *operations.Watcher,
) (model.Instance, error) {
	old := model.ImageRef{Digest: inst.Image, Name: inst.ImageName, Unlocked: inst.Unlocked}
	if inst.Previous != nil { // a rebuild that was cut short: what was proven last is what to go back to
		old = *inst.Previous
	}
	next := model.ImageRef{Digest: image.Digest, Name: image.Name, Unlocked: image.Unlocked}
	rebuilt, failed := c.bootsAgain(ctx, h, inst, next, old, w)
	if failed == nil {
		return rebuilt, nil
	}
	if ctx.Err() != nil || errors.Is(failed, operations.ErrGaveWay) {
		return rebuilt, fault.Wrap(operations.OneError(failed), "the rebuild of %q is not finished", inst.Name).WithRemedy(
			model.Try("finish it", "rebuild --keep-state", inst).
				Or("go back", "rebuild --keep-state", model.Args(inst, "--image", old.Digest)...))
	}
	w.Begin("returning")
	w.Finish("returning", old.Name+"@"+shortHex(old.Digest))
	returned, err := c.bootsAgain(ctx, h, rebuilt, old, old, w)
	if err != nil {
		return returned, fault.Wrap(operations.OneError(failed, err), "instance %q is ready neither with image %s nor with %s, which it had",
			inst.Name, shortHex(next.Digest), shortHex(old.Digest)).WithRemedy(model.Try("see", "logs", inst))
	}
	return returned, fault.Wrap(operations.OneError(failed), "instance %q runs its old image %s again, because with %s",
		inst.Name, shortHex(old.Digest), shortHex(next.Digest)).
		WithRemedy(fault.Try("find out why on an instance of its own", "create", "NAME", "--image", next.Digest))
}

// bootsAgain has the instance run an image and waits until it is ready. previous is what to return to; as long as it is on
// record, a start tells libvirt of the image anew.
func (c *Changer) bootsAgain(ctx context.Context, h hypervisor.Driver, inst model.Instance, image, previous model.ImageRef,
	w *operations.Watcher,
) (model.Instance, error) {
	changed, err := c.ImageUse.putWithImage(ctx, image.Digest, func() (model.Instance, error) {
		return c.Records.Update(ctx, inst.ID, func(i *model.Instance) error {
			i.Image, i.ImageName, i.Unlocked, i.Previous = image.Digest, image.Name, image.Unlocked, &previous
			return nil
		})
	})
	if err != nil {
		return inst, err
	}
	c.Operations.Crash("rebuild.recorded")
	stopped, err := c.Power.stopGracefully(ctx, h, changed, w)
	if err != nil {
		return changed, err
	}
	c.Operations.Crash("rebuild.stopped")
	return c.Power.powerOn(ctx, h, stopped, w)
}

// catchUpOrStart is for an instance that has the image already.
func (c *Changer) catchUpOrStart(ctx context.Context, h hypervisor.Driver, inst model.Instance,
	w *operations.Watcher,
) (model.Instance, error) {
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return inst, err
	}
	if state == hypervisor.Running {
		return c.Power.catchUp(ctx, h, inst, w)
	}
	return c.Power.powerOn(ctx, h, inst, w)
}

// shortHex is the digest as people compare it, without the name of the hash.
func shortHex(digest string) string {
	const prefix = len("sha256:")
	return digest[min(prefix, len(digest)):min(prefix+12, len(digest))]
}
