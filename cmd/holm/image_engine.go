package main

import (
	"context"

	"holm/images"
)

// imageStore is the images room as the verbs need it.
type imageStore interface {
	List() ([]images.Manifest, error)
	Get(ref string) (images.Manifest, error)
	Verify(ctx context.Context, digest string, progress func(done, total int64)) error
	Remove(digest string, usedBy []string) error
	Build(ctx context.Context, o images.BuildOptions) (images.Manifest, error)
}
