package proof

import (
	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
)

// Promising refuses an image that names no checks: nothing could be held against an instance of it.
func Promising(image images.Manifest, profile string) error {
	if len(image.Checks[profile]) > 0 {
		return nil
	}
	return fault.New(fault.ImageOutdated, guestlink.RenewImage(),
		"image %s was built by an older holm and names no checks for the profile %q", fault.Image(image.Name), fault.Profile(profile))
}
