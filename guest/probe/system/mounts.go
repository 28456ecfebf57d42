package system

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func mounts() probe.Check {
	return probe.Check{
		ID:      "mounts",
		Source:  "CIS Debian 1.1.2",
		Promise: "No program runs from /tmp, /var/tmp or /dev/shm, and no device opens there, in /home or in /var.",
		Try:     tryMounts,
	}
}

func tryMounts(ctx context.Context, _ *probe.Env) probe.Result {
	const tried = "run a program from /tmp, /var/tmp, /dev/shm; open a device node there, in /home and in /var"
	// Device nodes work in /dev; programs have to run on the state volume, where users keep theirs.
	controls := append(inPlaces([]string{"/home"}, "run from ", runCopy(ctx)),
		inPlaces([]string{"/dev"}, "open a device in ", openNode)...)
	if r, bad := systemAllowed(tried, controls...); bad {
		return r
	}
	temporary := []string{"/tmp", "/var/tmp", "/dev/shm"}
	tries := append(inPlaces(temporary, "run from ", runCopy(ctx)),
		inPlaces(append(temporary, "/home", "/var"), "open a device in ", openNode)...)
	return systemRefused(tried, tries, unix.EACCES)
}

// inPlaces tries the same in a new folder below each of the places.
func inPlaces(places []string, what string, do func(dir string) error) []systemTry {
	var tries []systemTry
	for _, place := range places {
		dir, remove, err := systemDir(place)
		if err == nil {
			err = do(dir)
			remove()
		} else {
			err = notRefused(err)
		}
		tries = append(tries, systemTried(what+place, err))
	}
	return tries
}

func runCopy(ctx context.Context) func(dir string) error {
	return func(dir string) error {
		program := filepath.Join(dir, "cat")
		if err := systemCopy(idleProgram, program, 0o755); err != nil {
			return notRefused(err)
		}
		p, err := startIdle(ctx, program, "/", nil)
		if err == nil {
			p.kill()
		}
		return err
	}
}

// openNode makes a node of the null device and opens it.
func openNode(dir string) error { return openDevice(filepath.Join(dir, "null"), nullMinor) }

// The kernel's memory devices have major number 1 and, among others, these minor numbers.
const (
	memMinor  = 1
	nullMinor = 3
	portMinor = 4
)

// openDevice makes a node of one of the kernel's memory devices and opens it for reading.
func openDevice(node string, minor int) error {
	if err := unix.Mknod(node, unix.S_IFCHR|0o600, 1<<8|minor); err != nil {
		return notRefused(err)
	}
	f, err := os.Open(node)
	if err != nil {
		return err
	}
	return f.Close()
}
