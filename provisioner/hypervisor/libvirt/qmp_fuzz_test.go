package libvirt

import (
	"testing"

	"holm/provisioner/hypervisor"
)

// QEMU is what a guest would break into: what it answers is told of the disks that it names, and changes none of them.
func FuzzMonitor(f *testing.F) {
	f.Add([]byte(`{"return":[{"device":"","qdev":"/machine/peripheral/virtio-disk0/virtio-backend","inserted":{"node-name":"n","drv":"qcow2","image":{"virtual-size":21474836480,"actual-size":4096}}}]}`))
	f.Add([]byte(`{"return":[{"qdev":"/","inserted":null},{"qdev":"virtio-disk9/x"},null]}`))
	f.Add([]byte(`{"return":{"qdev":-1}}`))
	f.Fuzz(func(t *testing.T, reply []byte) {
		disks := []hypervisor.DiskStats{{Target: "vda"}, {Target: ""}, {Target: "vdb", Node: "as before"}}
		if addImages(disks, reply, map[string]string{"virtio-disk0": "vda"}) != nil {
			return
		}
		if disks[0].Target != "vda" || disks[1] != (hypervisor.DiskStats{}) || disks[2] != (hypervisor.DiskStats{Target: "vdb", Node: "as before"}) {
			t.Errorf("%q: %+v", reply, disks)
		}
	})
}
