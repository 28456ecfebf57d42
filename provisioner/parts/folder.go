package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holm/provisioner/operations"
)

// InstanceDir is where the files of an instance lie in a state directory, by its id.
func InstanceDir(state, id string) string { return filepath.Join(state, "instances", id) }

// ConsolePath is where what it says on its console is kept.
func ConsolePath(state, id string) string {
	return filepath.Join(InstanceDir(state, id), "console.log")
}

// KnownHostsPath is where its host key is kept, for clients of SSH.
func KnownHostsPath(state, id string) string {
	return filepath.Join(InstanceDir(state, id), "known_hosts")
}

// SeedPath is where the seed of its first boot lies.
func SeedPath(state, id string) string { return filepath.Join(InstanceDir(state, id), "seed.iso") }

// folder is where the instance's files lie. QEMU's user has to pass through it.
func (p *Parts) folder() Part {
	return Part{
		Name: "folder", Create: 1,
		Ensure: func(_ context.Context, plan *Plan) error {
			if err := operations.MakeDir(InstanceDir(p.Dir, plan.Instance.ID), operations.Passable); err != nil {
				return fmt.Errorf("make the instance's folder: %w", err)
			}
			return nil
		},
		// The console log and the known hosts lie in it besides what other parts remove.
		Remove: func(_ context.Context, plan *Plan) error { return os.RemoveAll(InstanceDir(p.Dir, plan.Instance.ID)) },
		Inspect: func(_ context.Context, plan *Plan) (string, error) {
			return missing(InstanceDir(p.Dir, plan.Instance.ID))
		},
	}
}

const notThere = "is not there"

// missing says that a path is not there.
func missing(path string) (wrong string, err error) {
	_, err = os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return notThere, nil
	}
	return "", err
}
