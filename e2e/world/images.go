package world

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is a container image that the registry has: by tag, by digest, and for those who take the registry as a mirror of
// Docker's own, by its bare name.
type Image struct {
	Name   string // "nginx"
	Tag    string // "registry.corp.example/library/nginx:1"
	Digest string // "registry.corp.example/library/nginx@sha256:..."
}

// Stock puts images of Debian's busybox, nginx, PostgreSQL and Redis into the registry. The first time on a host takes
// minutes and a mirror of Debian's; after that they come from the cache. The latter three share a layer.
func (w *World) Stock(ctx context.Context) (map[string]Image, error) {
	software, busybox, err := layers(ctx, filepath.Join(cacheDir, "images"))
	if err != nil {
		return nil, fmt.Errorf("make container images: %w", err)
	}
	stock := map[string]Image{}
	for _, k := range kinds() {
		base := software
		if k.name == "busybox" {
			base = busybox
		}
		if stock[k.name], err = w.push(ctx, k, base); err != nil {
			return nil, fmt.Errorf("push image %s: %w", k.name, err)
		}
	}
	return stock, nil
}

func (w *World) push(ctx context.Context, k kind, base string) (Image, error) {
	made := Image{Name: k.name, Tag: RegistryName + "/library/" + k.name + ":1"}
	layer, err := tarball.LayerFromFile(base, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return made, err
	}
	own, err := k.layer()
	if err != nil {
		return made, err
	}
	// Docker 26 pulls OCI's manifests as well as its own.
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		types.OCIConfigJSON), layer, own)
	if err != nil {
		return made, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return made, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", k.config
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return made, err
	}
	digest, err := image.Digest()
	if err != nil {
		return made, err
	}
	made.Digest = RegistryName + "/library/" + k.name + "@" + digest.String()
	return made, w.Push(ctx, image, made.Tag, RegistryName+"/library/"+k.name+":latest")
}

// Push puts an image into the registry under tags such as "registry.corp.example/team/made:1".
func (w *World) Push(ctx context.Context, image v1.Image, tags ...string) error {
	transport := w.Transport()
	defer transport.CloseIdleConnections()
	for _, tag := range tags {
		ref, err := name.ParseReference(tag)
		if err != nil {
			return err
		}
		if err := remote.Write(ref, image, remote.WithContext(ctx), remote.WithTransport(transport)); err != nil {
			return err
		}
	}
	return nil
}
