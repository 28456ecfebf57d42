package parts

import (
	"path/filepath"
)

// InstanceDir is where the files of an instance lie, by its id.
func (p *Parts) InstanceDir(id string) string { return filepath.Join(p.Dir, "instances", id) }

// SeedPath is where the seed of its first boot lies.
func (p *Parts) SeedPath(id string) string {
	return filepath.Join(p.InstanceDir(id), "seed.iso")
}

// ConsolePath is where what it says on its console is kept.
func (p *Parts) ConsolePath(id string) string {
	return filepath.Join(p.InstanceDir(id), "console.log")
}

// KnownHostsPath is where its host key is kept, for clients of SSH.
func (p *Parts) KnownHostsPath(id string) string {
	return filepath.Join(p.InstanceDir(id), "known_hosts")
}
