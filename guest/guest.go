// Package guest carries what goes into the golden image besides Debian's packages: the first program of the initrd, the
// agent, units and configuration. They are embedded, so that holm is one file.
package guest

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"holm/guest/command"
)

//go:embed all:rootfs
var rootfs embed.FS

// programs is filled by "make build"; a folder with only its README builds too, so that the Go tools work on a fresh
// clone.
//
//go:embed all:programs
var programs embed.FS

// Init and Agent are the names of the programs.
const (
	Init  = "holm-init"
	Agent = "holm-agent"
)

// Files returns the files that are laid over the image's root file system, by their paths in it.
func Files() fs.FS {
	sub, err := fs.Sub(rootfs, "rootfs")
	if err != nil {
		panic(err) // the name above is embedded or the program does not compile
	}
	return sub
}

// Program returns one of the guest's programs, a static executable.
func Program(name string) ([]byte, error) {
	content, err := programs.ReadFile("programs/" + name)
	if err != nil {
		return nil, fmt.Errorf("this holm was built without its guest program %s: build it with \"make build\"", name)
	}
	return content, nil
}

// Links are the symbolic links of the root file system, by their paths: the units that are switched on, and the other
// name of the agent.
func Links() map[string]string {
	return map[string]string{
		"etc/systemd/system/sysinit.target.wants/holm-agent.service":            "/usr/lib/systemd/system/holm-agent.service",
		"etc/systemd/system/cloud-init.target.wants/holm-agent-untuned.service": "/usr/lib/systemd/system/holm-agent-untuned.service",
		"etc/systemd/system/multi-user.target.wants/systemd-networkd.service":   "/usr/lib/systemd/system/systemd-networkd.service",
		"etc/systemd/system/multi-user.target.wants/systemd-timesyncd.service":  "/etc/systemd/system/systemd-timesyncd.service",
		"etc/systemd/system/multi-user.target.wants/systemd-resolved.service":   "/etc/systemd/system/systemd-resolved.service",
		"etc/systemd/system/sockets.target.wants/systemd-networkd.socket":       "/usr/lib/systemd/system/systemd-networkd.socket",

		strings.TrimPrefix(command.Program, "/"): Agent,

		"etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf", // as systemd-resolved wants to see it
	}
}
