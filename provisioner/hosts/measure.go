package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"holm/internal/atomicfile"
	"holm/internal/fault"
)

// Meter looks at the host on which instances are to run.
type Meter struct {
	Dir string // the state directory, absolute
	// Machines are the q35 machine types that the hypervisor knows, the newest first.
	Machines func(ctx context.Context) ([]string, error)
	// TryKVM starts the smallest of guests, and says why that does not work.
	TryKVM func(ctx context.Context) (works bool, why string)
}

// Measure is what it has now.
func (m Meter) Measure(ctx context.Context) (Capacity, error) {
	c := Capacity{CPUs: runtime.NumCPU()}
	var memory unix.Sysinfo_t
	if err := unix.Sysinfo(&memory); err != nil {
		return c, err
	}
	c.MemoryMiB = int(uint64(memory.Totalram) * uint64(memory.Unit) >> 20) // #nosec G115 -- no machine has 8 ZiB
	free, err := freeBytes(m.Dir)
	if err != nil {
		return c, err
	}
	c.FreeBytes = free
	known, err := m.Machines(ctx)
	if err != nil {
		return c, err
	}
	if len(known) == 0 {
		return c, fault.New(fault.Unfit, "install it: apt-get install qemu-system-x86", "this libvirt knows no q35 machine for x86_64")
	}
	c.Machine = known[0]
	c.KVM, c.WhyNot = m.kvm(ctx)
	return c, nil
}

// freeBytes is what root can still write where path is, or will be.
func freeBytes(path string) (uint64, error) {
	for {
		var s unix.Statfs_t
		err := unix.Statfs(path, &s)
		if err == nil {
			return s.Bavail * uint64(s.Bsize), nil // #nosec G115 -- a block size is positive
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return 0, err
		}
		path = parent
	}
}

// kvmTrial is what trying KVM came to. That it works is kept beside the records until the host boots again; that it does
// not is tried each time, because the operator may be mending it.
type kvmTrial struct {
	BootID string `json:"boot_id"`
	Works  bool   `json:"works"`
	Why    string `json:"-"`
}

// kvm tells whether KVM works, and why it does not.
func (m Meter) kvm(ctx context.Context) (works bool, why string) {
	path := filepath.Join(m.Dir, "kvm.json")
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	now := kvmTrial{BootID: strings.TrimSpace(string(boot))}
	var known kvmTrial
	if content, err := os.ReadFile(path); err == nil && json.Unmarshal(content, &known) == nil && known.BootID == now.BootID && known.Works {
		return true, ""
	}
	now.Works, now.Why = m.TryKVM(ctx)
	if !now.Works {
		return false, now.Why
	}
	if content, err := json.Marshal(now); err == nil {
		_ = atomicfile.WriteBytes(path, 0o600, content) // tried again next time when it cannot be kept
	}
	return now.Works, now.Why
}
