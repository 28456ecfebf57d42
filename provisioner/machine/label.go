package machine

import (
	"fmt"

	"libvirt.org/go/libvirtxml"
)

// What a user can be: below are those of the system and of people, above are numbers that mean nobody.
const (
	minUID = 65536
	maxUID = 1<<31 - 2
)

// labels has QEMU run as a user of its own tenant, in the group of the same number and no other. Libvirt must not give files
// to that user (relabel): it would give it kernel and initrd, which other tenants boot as well. Whose its volume and seed
// are, is seen to before. Where the host has AppArmor, libvirt adds that label by itself.
func labels(uid int) []libvirtxml.DomainSecLabel {
	if uid == 0 {
		return nil
	}
	return []libvirtxml.DomainSecLabel{{Type: "static", Model: "dac", Relabel: "no", Label: fmt.Sprintf("+%d:+%d", uid, uid)}}
}
