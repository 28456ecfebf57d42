package profiles

import (
	"holm/internal/strictjson"
	"holm/internal/unitfile"
)

// dockerdConfig is dockerd's daemon.json as far as holm uses it. It names no hosts: the one socket is the user's own,
// as rootless Docker has it. It names no seccomp profile: Docker's built-in one holds.
type dockerdConfig struct {
	LogLevel        string                  `json:"log-level"`
	NoNewPrivileges bool                    `json:"no-new-privileges"`
	InterContainer  bool                    `json:"icc"`
	UserlandProxy   bool                    `json:"userland-proxy"`
	LogDriver       string                  `json:"log-driver"`
	LogOptions      map[string]string       `json:"log-opts"`
	DefaultUlimits  map[string]dockerUlimit `json:"default-ulimits"`
	Features        map[string]bool         `json:"features"`
}

type dockerUlimit struct {
	Name string `json:"Name"`
	Soft int    `json:"Soft"`
	Hard int    `json:"Hard"`
}

func newDockerdConfig() dockerdConfig {
	return dockerdConfig{
		LogLevel: "warn",
		// No setuid program of an image gains its user anything.
		NoNewPrivileges: true,
		// Containers reach each other only in a network that was made for them.
		InterContainer: false,
		// Rootless Docker publishes ports through it and not at all without; it runs as the user, as the containers do.
		UserlandProxy: true,
		LogDriver:     "local",
		LogOptions:    map[string]string{"max-file": "3", "max-size": "10m"},
		// Core dumps hold secrets. The number of processes is bounded by containers' scopes: as a ulimit it would
		// count those of all containers together.
		DefaultUlimits: map[string]dockerUlimit{
			"core":   {Name: "core", Soft: 0, Hard: 0},
			"nofile": {Name: "nofile", Soft: 1024, Hard: 524288},
		},
		Features: map[string]bool{"containerd-snapshotter": false},
	}
}

// dockerScope bounds each container whose maker did not. What "docker run" was told by --memory or --pids-limit
// replaces it: runc sets that at the scope itself, in a drop-in whose name sorts later.
func dockerScope() unitfile.File {
	return unitfile.File{"Scope": {
		{Name: "MemoryMax", Value: "75%"}, // of the instance's memory
		{Name: "TasksMax", Value: "512"},
	}}
}

// dockerFiles are what the docker profile adds to the files of all profiles.
func dockerFiles() ([]File, error) {
	return filesOf([]draft{
		{
			"/etc/holm/dockerd.json", 0o644, "How rootless Docker runs: no new privileges, small logs.",
			func() ([]byte, error) { return strictjson.Encode(newDockerdConfig()) },
		},
		{
			// A name that ends in "-" is for every scope that begins with it: Docker's are docker-ID.scope.
			"/etc/systemd/user/docker-.scope.d/10-holm.conf", 0o644, "The most memory and processes of a container by default.",
			func() ([]byte, error) { return unitfile.Encode(dockerScope()) },
		},
	})
}
