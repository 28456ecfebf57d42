package parts

import (
	"holm/images"
)

// Images is where golden images come from.
type Images interface {
	// Get finds an image by name, digest or the beginning of a digest; a fault of kind NotFound without one.
	Get(ref string) (images.Manifest, error)
	// Path is where a file of the image lies.
	Path(m images.Manifest, f images.File) string
}
