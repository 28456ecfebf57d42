package parts

import "path/filepath"

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
