package libvirt

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"
)

// Info is what this libvirt can do.
type Info struct {
	LibvirtVersion string   `json:"libvirt_version"`
	QEMUVersion    string   `json:"qemu_version"`
	Machines       []string `json:"machines"` // versioned q35 machine types of x86_64, newest first
	// KVM means that libvirt offers it, which is not yet that it works.
	KVM            bool     `json:"kvm"`
	SecurityModels []string `json:"security_models"` // "apparmor", "dac"
}

// Info asks libvirt for its versions and capabilities.
func (h *Host) Info(ctx context.Context) (Info, error) {
	return wait(ctx, h, "ask libvirt what it can do", func(c *libvirt.Connect) (Info, error) {
		lib, err := c.GetLibVersion()
		if err != nil {
			return Info{}, err
		}
		emulator, err := c.GetVersion()
		if err != nil {
			return Info{}, err
		}
		text, err := c.GetCapabilities()
		if err != nil {
			return Info{}, err
		}
		info, err := parseCapabilities(text)
		info.LibvirtVersion, info.QEMUVersion = version(lib), version(emulator)
		return info, err
	})
}

func parseCapabilities(text string) (Info, error) {
	var caps libvirtxml.Caps
	if err := caps.Unmarshal(text); err != nil {
		return Info{}, fmt.Errorf("libvirt's capabilities cannot be read: %w", err)
	}
	var info Info
	for _, m := range caps.Host.SecModel {
		info.SecurityModels = append(info.SecurityModels, m.Name)
	}
	for _, guest := range caps.Guests {
		if guest.Arch.Name != "x86_64" {
			continue
		}
		for _, m := range guest.Arch.Machines {
			info.Machines = append(info.Machines, m.Name)
		}
		for _, d := range guest.Arch.Domains {
			info.KVM = info.KVM || d.Type == "kvm"
			for _, m := range d.Machines {
				info.Machines = append(info.Machines, m.Name)
			}
		}
	}
	info.Machines = newestFirst(info.Machines)
	return info, nil
}

var q35 = regexp.MustCompile(`^pc-q35-([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?$`)

// newestFirst keeps the versioned q35 types: a name without a version means another machine after an update.
func newestFirst(machines []string) []string {
	kept := slices.DeleteFunc(slices.Clone(machines), func(m string) bool { return !q35.MatchString(m) })
	slices.SortFunc(kept, func(a, b string) int {
		x, y := q35.FindStringSubmatch(a), q35.FindStringSubmatch(b)
		return cmp.Or(cmp.Compare(number(y[1]), number(x[1])), cmp.Compare(number(y[2]), number(x[2])),
			cmp.Compare(number(y[3]), number(x[3])))
	})
	return slices.Compact(kept)
}

// number reads digits that a pattern has already found to be digits; none are zero.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// version writes libvirt's packed numbers as people do: 9000000 is 9.0.0.
func version(n uint32) string {
	return fmt.Sprintf("%d.%d.%d", n/1_000_000, n/1000%1000, n%1000)
}
