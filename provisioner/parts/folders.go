package parts

import (
	"path/filepath"
)

func (p *Parts) InstanceDir(id string) string { return filepath.Join(p.Dir, "instances", id) }

// The files of an instance besides its volume.
func (p *Parts) SeedPath(id string) string {
	return filepath.Join(p.InstanceDir(id), "seed.iso")
}

func (p *Parts) ConsolePath(id string) string {
	return filepath.Join(p.InstanceDir(id), "console.log")
}

func (p *Parts) KnownHostsPath(id string) string {
	return filepath.Join(p.InstanceDir(id), "known_hosts")
}
