package main

import (
	"context"
	"io"
	"os"
	"regexp"
	"slices"
	"time"
)

const tags = "libvirt_dlopen"

// host is what the machine that the tests run on allows.
type host struct {
	asRoot    []string // what to put before a command that needs root
	rootless  bool     // nothing can be done as root
	guestless string   // why no guests can be started; "" when they can
	libvirt   bool
}

// look starts libvirt where it does not run, and finds out what can be had. A user who may use sudo without being asked gets
// the guests, too.
func look(ctx context.Context, out io.Writer) (h host) {
	root := os.Geteuid() == 0
	sudo := !root && quietly(ctx, io.Discard, "sudo", "-n", "true")
	h.rootless = !root && !sudo
	switch {
	case root:
		h.libvirt = quietly(ctx, out, "hack/libvirt", "start")
	case sudo:
		h.libvirt = quietly(ctx, out, "sudo", "-n", "hack/libvirt", "start")
		h.asRoot = []string{"sudo", "env", "PATH=" + os.Getenv("PATH"), "CI=" + os.Getenv("CI")} // Go has to be found by root
	}
	if !h.libvirt {
		asking, done := context.WithTimeout(ctx, 10*time.Second)
		defer done()
		h.libvirt = quietly(asking, io.Discard, "virsh", "-q", "-c", "qemu:///system", "uri")
	}
	switch {
	case h.rootless:
		h.guestless = "starting guests needs root: run it as root, or after: sudo -v"
	case !h.libvirt:
		h.guestless = "libvirt does not answer: sudo hack/libvirt start"
	}
	return h
}

// expected tells whether who runs this counts on the guests.
func (h host) expected() bool { return os.Getenv("CI") == "true" || os.Geteuid() == 0 }

var (
	packages = regexp.MustCompile(`^(ok|FAIL|panic:|# |--- FAIL)`)
	each     = regexp.MustCompile(`^ *--- |^(FAIL|ok|panic:|e2e:|nested:|# |== | +[0-9]+ s  )`)
)

// sources is where the tests of a step lie, whose names are said when it is cut off.
func sources(step string) string {
	switch step {
	case "e2e", "nested":
		return step
	}
	return ""
}

// run runs a step, all of it or what "make test" has of it.
func (h host) run(ctx context.Context, step string, whole bool, log, shown io.Writer) error {
	// -count=1: libvirt and the guests are no inputs that Go's cache of results knows of.
	test := []string{"go", "test", "-v", "-count=1"}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	standIn := "HOLM_K3S_STAND_IN=" + root + "/bin/k3s-stand-in"
	var w work
	switch step {
	case "check":
		return runChecks(ctx, checks, log, shown)
	case "unit":
		w = work{args: append(test, "-tags", tags+" real", "-timeout", "40m", "./..."), shown: packages}
	case "race":
		w = work{args: append(test, "-race", "-tags", tags+" real", "-timeout", "40m", "./..."), shown: packages}
	case "k3s":
		if err := h.standIn(ctx, log, shown); err != nil {
			return err
		}
		env := append(slices.Clip(h.asRoot), "env", "CGO_ENABLED=0", standIn)
		w = work{args: append(append(env, test...), "-trimpath", "-timeout", "40m", "./judge/"), dir: "testdata/k3s-stand-in", shown: each}
	case "e2e":
		if err := h.standIn(ctx, log, shown); err != nil {
			return err
		}
		env := append(slices.Clip(h.asRoot), "env", standIn)
		w = work{args: append(append(env, test...), "-tags", tags+" e2e", "-timeout", "90m"), shown: each}
		if !whole {
			w.args = append(w.args, "-short")
		}
		w.args = append(w.args, "-p", "1", "./e2e/world/", "./e2e/") // one after the other: a host has one world at a time
	case "package":
		if err := (work{args: []string{"make", "deb"}, shown: each}).do(ctx, log, shown); err != nil {
			return err
		}
		w = work{args: append(slices.Clip(h.asRoot), "hack/test-deb"), shown: each}
	case "nested":
		w = work{args: []string{"hack/test-nested"}, shown: each}
		if !whole {
			w.args = append(w.args, "short")
		}
	}
	return w.do(ctx, log, shown)
}

// standIn builds what the tests take for k3s.
func (h host) standIn(ctx context.Context, log, shown io.Writer) error {
	return work{args: []string{"make", "k3s-stand-in"}, shown: each}.do(ctx, log, shown)
}
