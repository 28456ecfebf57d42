package doctor

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"holm/internal/run"
)

// maxFile limits what is read of one file: /proc/cpuinfo of a thousand CPUs fits.
const maxFile = 8 << 20

// env is the options with their defaults, and what several checks share.
type env struct {
	Options
	libvirt func() (LibvirtInfo, error) // asked once
	kvm     func() kvmVerdict           // tried once
}

func newEnv(ctx context.Context, o Options) *env {
	e := &env{Options: o}
	e.Root = cmp.Or(o.Root, "/")
	e.StateDir = cmp.Or(o.StateDir, "/var/lib/holm")
	e.Connect = cmp.Or(o.Connect, "qemu:///system")
	e.Bridge = cmp.Or(o.Bridge, "holm0")
	e.Deadline = cmp.Or(o.Deadline, 30*time.Second)
	if !e.Subnet.IsValid() {
		e.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, 0}), 24)
	}
	if e.Look == nil {
		e.Look = run.Look
	}
	if e.Libvirt == nil {
		e.Libvirt = func(context.Context) (LibvirtInfo, error) {
			return LibvirtInfo{}, errors.New("no libvirt client was given")
		}
	}
	e.Probes = o.Probes.orReal()
	// What several checks share ends a little before their deadline, so that they can still say what it was.
	shared := e.Deadline * 9 / 10
	e.libvirt = sync.OnceValues(func() (LibvirtInfo, error) {
		ctx, cancel := context.WithTimeout(ctx, shared)
		defer cancel()
		return e.Libvirt(ctx)
	})
	e.kvm = sync.OnceValue(func() kvmVerdict {
		ctx, cancel := context.WithTimeout(ctx, shared)
		defer cancel()
		return e.tryKVM(ctx)
	})
	return e
}

// path is where an absolute path of the host is looked up.
func (e *env) path(abs string) string { return filepath.Join(e.Root, abs) }

// read returns a file's text without surrounding white space.
func (e *env) read(abs string) (string, error) {
	f, err := os.Open(e.path(abs))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	return strings.TrimSpace(string(text)), err
}

// value is read for the many files whose absence means the same as emptiness.
func (e *env) value(abs string) string {
	text, err := e.read(abs)
	if err != nil {
		return ""
	}
	return text
}

func (e *env) exists(abs string) bool {
	_, err := os.Stat(e.path(abs))
	return err == nil
}

// systemd tells whether systemd runs this host: without it services are started by hand.
func (e *env) systemd() bool { return e.exists("/run/systemd/system") }

// reload is the command that makes libvirt read its configuration again.
func (e *env) reload() string {
	if e.systemd() {
		return "systemctl restart libvirtd"
	}
	return "kill $(cat /run/libvirtd.pid); libvirtd -d"
}

// isolation is the verdict on something that keeps instances apart: a failure, and in lab mode, where no such
// promise is made, a warning.
func (e *env) isolation(remedy, format string, args ...any) Result {
	if e.Lab {
		return warn(remedy, format, args...)
	}
	return fail(remedy, format, args...)
}

// bootOption is the command that adds an option to the kernel command line.
func bootOption(option string) string {
	return `mkdir -p /etc/default/grub.d && echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ` + option +
		`"' >> /etc/default/grub.d/holm.cfg && update-grub && reboot`
}

// install is the command that installs packages.
func install(packages ...string) string {
	return "apt-get install -y " + strings.Join(packages, " ")
}
