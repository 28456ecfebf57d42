package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holm/guest/k3sapi"
	"holm/guest/keeper"
)

const (
	k3sProgram = "/usr/local/bin/k3s"
	k3sUnit    = "/usr/lib/systemd/system/k3s.service"
	k3sWants   = "/etc/systemd/system/multi-user.target.wants"
	k3sServer  = "/var/lib/rancher/k3s/server"
	k3sImages  = "/usr/lib/holm/k3s-images"          // what the image brings
	k3sImports = "/var/lib/rancher/k3s/agent/images" // what k3s imports when it starts
)

// startK3s has systemd start k3s, now and at each later boot.
func (a *Agent) startK3s(ctx context.Context) error {
	if !a.exists(k3sProgram) {
		return errors.New("this image has no k3s: build one with \"holm image build --k3s FILE\"")
	}
	// Cloud-init made the folder for what it wrote into it, for everybody to read.
	if err := os.Chmod(a.path(k3sServer), 0o700); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := a.offerImages(); err != nil {
		return fmt.Errorf("offer k3s the image's bundles: %w", err)
	}
	if err := a.link(k3sUnit, k3sWants); err != nil {
		return err
	}
	// systemd has read its folders before the link was there. It starts k3s after this service.
	return a.run(ctx, "/usr/bin/systemctl", "start", "--no-block", filepath.Base(k3sUnit))
}

// offerImages links the image's bundles into the folder from which k3s imports, and takes away links of an earlier image
// that lead nowhere now. The folder itself is k3s's: it keeps notes there.
func (a *Agent) offerImages() error {
	imports := a.path(k3sImports)
	if err := os.MkdirAll(imports, 0o700); err != nil {
		return err
	}
	there, err := os.ReadDir(imports)
	if err != nil {
		return err
	}
	for _, entry := range there {
		target, err := os.Readlink(filepath.Join(imports, entry.Name()))
		if err != nil || filepath.Dir(target) != k3sImages || a.exists(target) {
			continue
		}
		if err := os.Remove(filepath.Join(imports, entry.Name())); err != nil {
			return err
		}
	}
	bundles, err := os.ReadDir(a.path(k3sImages))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, bundle := range bundles {
		if err := a.link(filepath.Join(k3sImages, bundle.Name()), k3sImports); err != nil {
			return err
		}
	}
	return nil
}

// link makes a link of the same name in a folder. What is there already stays.
func (a *Agent) link(target, dir string) error {
	if err := os.MkdirAll(a.path(dir), 0o755); err != nil {
		return err
	}
	err := os.Symlink(target, filepath.Join(a.path(dir), filepath.Base(target)))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// awaitK3s waits until the API is ready and every namespace is guarded. The keeper goes on for as long as ctx does.
func (a *Agent) awaitK3s(ctx, within context.Context) error {
	connect := func() (*k3sapi.Client, error) { return k3sapi.Open(a.path(k3sapi.Kubeconfig)) }
	if err := awaitAPI(within, connect); err != nil {
		return fmt.Errorf("k3s is not ready: %w", err)
	}
	guarded := make(chan struct{})
	go (&keeper.Keeper{Connect: connect}).Run(ctx, func() { close(guarded) })
	select {
	case <-guarded:
		return nil
	case <-within.Done():
		return errors.New("k3s: not every namespace could be guarded in time")
	}
}

// awaitAPI keeps its connection while the API answers that it is not ready yet: making one costs both sides more than
// asking does.
func awaitAPI(ctx context.Context, connect func() (*k3sapi.Client, error)) error {
	var api *k3sapi.Client
	defer func() {
		if api != nil {
			api.Close()
		}
	}()
	return until(ctx, func() error {
		if api == nil {
			var err error
			if api, err = connect(); err != nil {
				return err
			}
		}
		err := api.Get(ctx, "/readyz", nil)
		if err != nil && k3sapi.Code(err) == 0 {
			api.Close()
			api = nil // its certificates may have been made anew
		}
		return err
	})
}
