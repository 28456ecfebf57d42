package machine

import (
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// Limits of what a machine can be. The command line's is that of Linux on x86 (COMMAND_LINE_SIZE), the path's that of
// the host's kernel.
const (
	MinMemoryMiB = 64
	MaxMemoryMiB = 4 << 20
	maxCmdline   = 2047
	maxPath      = 4095
	maxShown     = 80

	// Libvirt takes a UUID of zeros for none and makes up another.
	nilUUID = "00000000-0000-0000-0000-000000000000"
)

var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	idPattern      = regexp.MustCompile(`^[0-9a-f]{12}$`)
	uuidPattern    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	machinePattern = regexp.MustCompile(`^pc-q35-[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3})?$`)
)

func (s Spec) validate() error {
	for _, check := range []func() error{s.validateNames, s.validateSize, s.validatePaths, s.validateNetwork} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Spec) validateNames() error {
	switch {
	case !namePattern.MatchString(s.Name):
		return refuse("domain name", s.Name, "use 1 to 128 of letters, digits, '.', '_' and '-', starting with a letter or digit")
	case !uuidPattern.MatchString(s.UUID) || s.UUID == nilUUID:
		return refuse("domain uuid", s.UUID, "use a lower-case UUID that is not all zeros")
	case !idPattern.MatchString(s.InstanceID):
		return refuse("instance id", s.InstanceID, "use 12 lower-case hexadecimal digits")
	case !namePattern.MatchString(s.Tenant):
		return refuse("tenant", s.Tenant, "use 1 to 128 of letters, digits, '.', '_' and '-', starting with a letter or digit")
	case !machinePattern.MatchString(s.Machine):
		return refuse("machine type", s.Machine, "use a versioned q35 type such as pc-q35-7.2")
	case s.Accel != KVM && s.Accel != TCG:
		return refuse("accelerator", s.Accel, "use kvm or tcg")
	}
	return nil
}

func (s Spec) validateSize() error {
	if s.VCPUs < 1 || s.VCPUs > model.MaxVCPUs {
		return fault.New(fault.Usage, "", "%d vCPUs are not allowed: use 1 to %d", s.VCPUs, model.MaxVCPUs)
	}
	if s.MemoryMiB < MinMemoryMiB || s.MemoryMiB > MaxMemoryMiB {
		return fault.New(fault.Usage, "", "%d MiB of memory are not allowed: use %d to %d", s.MemoryMiB, MinMemoryMiB, MaxMemoryMiB)
	}
	if s.UID != 0 && (s.UID < minUID || s.UID > maxUID) {
		return fault.New(fault.Usage, "", "user %d is not allowed for QEMU: use %d to %d", s.UID, minUID, maxUID)
	}
	if err := s.Limits.Validate(); err != nil {
		return err
	}
	if len(s.Cmdline) > maxCmdline || !printable(s.Cmdline) {
		return refuse("kernel command line", s.Cmdline, "use at most 2047 printable ASCII characters")
	}
	return nil
}

func (s Spec) validatePaths() error {
	if s.StateDisk.Format != Qcow2 && s.StateDisk.Format != Raw {
		return refuse("format of the state disk", s.StateDisk.Format, "use qcow2 or raw")
	}
	if s.StateDisk.Secret != "" && !uuidPattern.MatchString(s.StateDisk.Secret) {
		return refuse("secret of the state disk", s.StateDisk.Secret, "use a lower-case UUID")
	}
	seen := map[string]string{}
	for _, p := range []struct {
		what, path string
		optional   bool
	}{
		{"kernel", s.Kernel, false},
		{"initrd", s.Initrd, false},
		{"root disk", s.RootDisk, false},
		{"state disk", s.StateDisk.Path, false},
		{"seed", s.Seed, true},
		{"console log", s.ConsoleLog, false},
	} {
		if p.path == "" && p.optional {
			continue
		}
		if !goodPath(p.path) {
			return refuse(p.what+" path", p.path, "use an absolute, clean path to a file, without control characters")
		}
		// Two roles for one file would let a guest write what another guest boots.
		if other, taken := seen[p.path]; taken {
			return refuse(p.what+" path", p.path, "it is the "+other+" already")
		}
		seen[p.path] = p.what
	}
	return nil
}

func (s Spec) validateNetwork() error {
	if !namePattern.MatchString(s.Network) {
		return refuse("network name", s.Network, "use 1 to 128 of letters, digits, '.', '_' and '-', starting with a letter or digit")
	}
	// Round-tripped, so that only one spelling of an address exists in filters and records.
	mac, err := net.ParseMAC(s.MAC)
	if err != nil || len(mac) != 6 || mac.String() != s.MAC || mac[0]&1 != 0 {
		return refuse("MAC address", s.MAC, "use a unicast address such as 52:54:00:12:34:56, in lower case")
	}
	if !s.Address.Is4() || !s.Address.IsGlobalUnicast() {
		return refuse("IPv4 address", s.Address.String(), "use a unicast address such as 10.77.0.10")
	}
	if a := s.Address6; a.IsValid() && (!a.Is6() || a.Is4In6() || a.Zone() != "" || !a.IsGlobalUnicast()) {
		return refuse("IPv6 address", a.String(), "use a unicast address such as fd00::10")
	}
	if !namePattern.MatchString(s.Filter) {
		return refuse("network filter", s.Filter, "use 1 to 128 of letters, digits, '.', '_' and '-', starting with a letter or digit")
	}
	return nil
}

func goodPath(p string) bool {
	if len(p) > maxPath || !utf8.ValidString(p) || !filepath.IsAbs(p) || filepath.Clean(p) != p || p == "/" {
		return false
	}
	return !strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError || r > 0xfffd })
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// refuse shows the start of a value only: a hostile one can be 64 KiB of anything.
func refuse(what, value, rule string) error {
	if len(value) > maxShown {
		value = value[:maxShown] + "…"
	}
	return fault.New(fault.Usage, "", "%s %q is not allowed: %s", what, value, rule)
}
