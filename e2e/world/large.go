package world

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// PushProgram puts an image under a tag that has one program, which is linked statically and is what it runs; beside it lie
// so many bytes that nobody can compress. What it needs on disk meanwhile goes into folder.
func (w *World) PushProgram(ctx context.Context, tag, program string, more int64, folder string) error {
	file := filepath.Join(folder, "layer.tar.gz")
	if err := packProgram(file, program, more); err != nil {
		return err
	}
	defer func() { _ = os.Remove(file) }()
	layer, err := tarball.LayerFromFile(file, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		types.OCIConfigJSON), layer)
	if err != nil {
		return err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config = "linux", "amd64", v1.Config{Entrypoint: []string{"/" + filepath.Base(program)}}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return err
	}
	return w.Push(ctx, image, tag)
}

func packProgram(to, program string, more int64) (err error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	packed, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	t := tar.NewWriter(packed)
	if err := t.WriteHeader(&tar.Header{
		Name: filepath.Base(program), Typeflag: tar.TypeReg, Mode: 0o755,
		Size: int64(len(text)),
	}); err != nil {
		return err
	}
	if _, err := t.Write(text); err != nil {
		return err
	}
	if more > 0 {
		if err := t.WriteHeader(&tar.Header{Name: "more", Typeflag: tar.TypeReg, Mode: 0o644, Size: more}); err != nil {
			return err
		}
		if _, err := io.CopyN(t, rand.Reader, more); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), packed.Close())
}

// Pull fetches an image, checks its layers, and unpacks their files into a folder: what a Docker does, on the host.
func (w *World) Pull(ctx context.Context, tag, folder string) error {
	ref, err := name.ParseReference(tag)
	if err != nil {
		return err
	}
	transport := w.Transport()
	defer transport.CloseIdleConnections()
	image, err := remote.Image(ref, remote.WithContext(ctx), remote.WithTransport(transport))
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		if err := unpack(l, folder); err != nil {
			return err
		}
	}
	return nil
}

func unpack(l v1.Layer, folder string) (err error) {
	from, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if err == io.EOF { //nolint:errorlint // as it is documented
			_, err = io.Copy(io.Discard, from) // to its end, where the digest is compared
			return err
		} else if err != nil {
			return err
		}
		to, err := os.OpenFile(filepath.Join(folder, path.Base(h.Name)), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, r) //nolint:gosec // of our own making
		if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
			return err
		}
	}
}
