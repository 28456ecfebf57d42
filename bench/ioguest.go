//go:build bench

package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"holm/internal/run"
	"holm/provisioner/machine"
	"holm/storage/volumes"
)

// The disk that is measured: its name for the hypervisor, its serial number, and where the guest mounts it.
const (
	ioTarget = "vdc"
	ioSerial = "holm-bench"
	ioMount  = "/home/ops/measured"
)

// ioGuest is an instance to which disks are attached while it runs, into the port that its seed has left.
type ioGuest struct {
	lab    *lab
	uuid   string
	domain string
}

func (l *lab) bootGuest(ctx context.Context) (*ioGuest, error) {
	if _, err := l.run(ctx, "create", "--profile", "plain", "--no-verify", instance); err != nil {
		return nil, err
	}
	inst, err := l.records.Instance(ctx, l.plan.Tenant, instance)
	if err != nil {
		return nil, err
	}
	if _, err := l.run(ctx, "cp", l.blocksProgram(), instance+":"); err != nil {
		return nil, errors.Join(err, l.remove(ctx))
	}
	return &ioGuest{lab: l, uuid: inst.UUID, domain: inst.Domain}, nil
}

// blocksProgram is bench/blocks, which hack/bench has built beside holm.
func (l *lab) blocksProgram() string { return filepath.Join(filepath.Dir(l.holm), "blocks") }

// blocks runs it here.
func (l *lab) blocks(ctx context.Context, kind, file string, count int) (float64, error) {
	said, err := run.Command(ctx, l.blocksProgram(), kind, file, strconv.Itoa(count))
	return number(said, err)
}

// inside measures the disk in the guest, on an ext4 that it makes when there is none.
func (g *ioGuest) inside(ctx context.Context, disk volumes.Disk, s setting) (values []float64, err error) {
	if err := g.attach(ctx, disk, s); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.detach(context.WithoutCancel(ctx))) }()
	if err := g.sh(ctx, mountScript); err != nil {
		return nil, err
	}
	values, err = each(func(kind string, count int) (float64, error) {
		if !disk.Block {
			forget(disk.Path)
		}
		said, err := g.exec(ctx, "sudo", "-n", "/home/ops/blocks", kind, ioMount+"/file", strconv.Itoa(count))
		return number(said, err)
	})
	return values, errors.Join(err, g.sh(context.WithoutCancel(ctx), "rm -f "+ioMount+"/file; fstrim "+ioMount+"; umount "+ioMount))
}

// mountScript waits for the disk, as udev would. What a file system leaves for later would be measured.
const mountScript = `
for try in $(seq 200); do
	for file in /sys/block/*/serial; do
		[ "$(cat $file)" != ` + ioSerial + ` ] || disk=/dev/$(basename $(dirname $file))
	done
	[ -z "$disk" ] || break
	sleep 0.1
done
[ -b "$disk" ] || { echo "the disk did not come" >&2; exit 1; }
mkdir -p ` + ioMount + `
blkid -p "$disk" >/dev/null || mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "$disk" || exit
mount -o noatime,discard "$disk" ` + ioMount

func (g *ioGuest) sh(ctx context.Context, script string) error {
	_, err := g.exec(ctx, "sudo", "-n", "sh", "-c", script)
	return err
}

func (g *ioGuest) exec(ctx context.Context, args ...string) ([]byte, error) {
	return g.lab.run(ctx, append([]string{"exec", instance, "--"}, args...)...)
}

// attach gives the guest a disk as holm gives it its own, but for the setting.
func (g *ioGuest) attach(ctx context.Context, disk volumes.Disk, s setting) error {
	text, err := g.lab.diskXML(disk, s)
	if err != nil {
		return err
	}
	file := filepath.Join(g.lab.state, "disk.xml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	_, err = run.Command(ctx, "virsh", "-q", "-c", libvirtURI, "attach-device", g.domain, file, "--live")
	return err
}

func (g *ioGuest) detach(ctx context.Context) error {
	live, err := g.lab.host.DetachDisk(ctx, g.uuid, ioTarget)
	if err == nil && !live {
		err = fmt.Errorf("the guest has not let go of %s", ioTarget)
	}
	return err
}

// diskElement is libvirt's element of a disk as far as it is carried over.
type diskElement struct {
	XMLName xml.Name   `xml:"disk"`
	Attrs   []xml.Attr `xml:",any,attr"`
	Driver  attributes `xml:"driver"`
	Source  attributes `xml:"source"`
	Target  attributes `xml:"target"`
	Serial  string     `xml:"serial"`
}

type attributes struct {
	Attrs []xml.Attr `xml:",any,attr"`
}

// set replaces an attribute, and takes it away for "".
func (a *attributes) set(name, value string) {
	a.Attrs = slices.DeleteFunc(a.Attrs, func(has xml.Attr) bool { return has.Name.Local == name })
	if value != "" {
		a.Attrs = append(a.Attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
	}
}

// diskXML takes the state disk out of the domain that holm renders for it, and changes it by the setting.
func (l *lab) diskXML(disk volumes.Disk, s setting) ([]byte, error) {
	text, err := l.domainWith(machine.Disk{Path: disk.Path, Format: disk.Format, Block: disk.Block, Buffered: disk.Buffered})
	if err != nil {
		return nil, err
	}
	var domain struct {
		Disks []diskElement `xml:"devices>disk"`
	}
	if err := xml.Unmarshal([]byte(text), &domain); err != nil { // #nosec G709 -- holm has just rendered it
		return nil, err
	}
	for _, d := range domain.Disks {
		if d.Serial != machine.StateSerial {
			continue
		}
		d.Serial = ioSerial
		d.Target.set("dev", ioTarget)
		for name, value := range s.attrs {
			d.Driver.set(name, value)
		}
		return xml.Marshal(d)
	}
	return nil, errors.New("holm renders no state disk")
}

func number(said []byte, err error) (float64, error) {
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(said)), 64)
}
