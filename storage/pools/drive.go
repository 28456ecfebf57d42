package pools

import "strings"

// drive reads what the kernel knows of one.
func drive(dir place, d *Device) {
	d.Kind = Drive
	d.Rotational = dir.text("queue/rotational") != "0"
	d.WriteCache = dir.text("queue/write_cache")
	d.DiscardBytes = dir.number("queue/discard_max_bytes")
	d.Model, d.Serial = dir.text("device/model"), dir.text("device/serial")
	if d.Serial == "" {
		d.Serial = dir.text("serial") // virtio
	}
	d.Transport = transport(dir)
}

// transport tells by which bus a drive is reached, from the way that its folder in sysfs has through the buses.
func transport(dir place) string {
	if strings.HasPrefix(dir.name(), "nvme") {
		// "pcie", or the network that a fabric runs on. The head of several paths has none, and each path is a device of its own.
		if via := dir.text("device/transport"); via != "" && via != "pcie" {
			return "nvme over " + via
		}
		return "nvme"
	}
	for _, bus := range []struct{ step, name string }{
		{"/virtio", "virtio"},
		{"/usb", "usb"},
		{"/ata", "sata"},
		{"/session", "iscsi"},
		{"/rport-", "fibre channel"},
		{"/mmc", "mmc"},
		{"/host", "scsi"},
	} {
		if strings.Contains(dir.path, bus.step) {
			return bus.name
		}
	}
	return "unknown"
}
