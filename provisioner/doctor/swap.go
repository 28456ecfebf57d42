package doctor

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// checkSwap looks for what would write a guest's memory to a drive in the clear. Swap in RAM (zram) and on an encrypted mapping does
// not. A key that needs a passphrase after each boot must not get there either: it lies in a file system in memory, which is swapped.
func checkSwap(_ context.Context, e *env) Result {
	var clear, other []string
	for line := range strings.Lines(e.value("/proc/swaps")) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "Filename" {
			continue
		}
		dev := filepath.Base(f[0])
		encrypted := strings.HasPrefix(e.value("/sys/block/"+dev+"/dm/uuid"), "CRYPT-")
		if encrypted || strings.HasPrefix(dev, "zram") {
			other = append(other, f[0])
		} else {
			clear = append(clear, f[0])
		}
	}
	if file, saves := e.savesGuests(); saves {
		return fail("set ON_SHUTDOWN=shutdown in "+file, "at the host's shutdown guests' memory is saved to a drive in the clear, by %s", file)
	}
	switch {
	case len(clear) > 0 && e.locked():
		return fail(`swapoff -a && sed -i '/\sswap\s/s/^/#/' /etc/fstab`,
			"guests' memory, and the host's unlocked key, can reach %s in the clear", strings.Join(clear, ", "))
	case len(clear) > 0:
		return warn(`swapoff -a && sed -i '/\sswap\s/s/^/#/' /etc/fstab`,
			"guests' memory can reach %s in the clear", strings.Join(clear, ", "))
	case len(other) > 0:
		return ok("only in RAM or encrypted: %s", strings.Join(other, ", "))
	default:
		return ok("none")
	}
}

// locked tells whether the host's key needs a passphrase.
func (e *env) locked() bool {
	_, err := os.Lstat(e.path(filepath.Join(e.StateDir, "keys", "host.key.locked")))
	return err == nil
}

// savesGuests tells whether libvirt-guests saves what runs when the host goes down, and in which file that is said. Debian's default is to
// shut guests down.
func (e *env) savesGuests() (file string, saves bool) {
	for _, file := range []string{"/etc/default/libvirt-guests", "/etc/sysconfig/libvirt-guests"} {
		for line := range strings.Lines(e.value(file)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			if name == "ON_SHUTDOWN" && strings.Trim(value, `"'`) == "suspend" {
				return file, true
			}
		}
	}
	return "", false
}
