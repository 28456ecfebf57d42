package instances

import (
	"context"

	"holm/provisioner/model"
)

// WithImageUsers calls do with the instances that need each image, by its digest: those that boot from it, and those that return to it
// when their rebuild comes to nothing. Until do returns, no instance begins to need one: what nobody uses can be removed in it.
func (u *ImageUse) WithImageUsers(ctx context.Context, do func(users map[string][]string) error) error {
	if err := u.Operations.Prepare(); err != nil {
		return err
	}
	release, err := u.holdImages(ctx)
	if err != nil {
		return err
	}
	defer release()
	all, err := u.Records.Instances(ctx)
	if err != nil {
		return err
	}
	users := map[string][]string{}
	for _, inst := range all {
		users[inst.Image] = append(users[inst.Image], inst.Name)
		if inst.Previous != nil && inst.Previous.Digest != inst.Image {
			users[inst.Previous.Digest] = append(users[inst.Previous.Digest], inst.Name)
		}
	}
	return do(users)
}

// holdImages takes the lock under which an instance is put on record with its image, and images are removed.
func (u *ImageUse) holdImages(ctx context.Context) (release func(), err error) {
	return u.Operations.HoldAll(ctx, ".images")
}

// putWithImage calls put, which puts an instance on record with an image, unless somebody has removed that since it was chosen.
func (u *ImageUse) putWithImage(ctx context.Context, digest string, put func() (model.Instance, error)) (model.Instance, error) {
	release, err := u.holdImages(ctx)
	if err != nil {
		return model.Instance{}, err
	}
	defer release()
	if _, err := u.Images.Get(digest); err != nil {
		return model.Instance{}, err
	}
	return put()
}
