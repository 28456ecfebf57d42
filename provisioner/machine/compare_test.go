package machine

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// running is the machine of testdata/live.xml, which libvirt 9.0 printed of a real one. Its seed was gone by then.
func running(change ...func(*Spec)) Spec {
	s := Spec{
		Name: "holm.default.web", UUID: "d926f46f-7dd2-4dbe-b2d9-902e110474b8", InstanceID: "75341dfc9bb3", Tenant: "default",
		Accel: TCG, Machine: "pc-q35-7.2", VCPUs: 2, MemoryMiB: 1024,
		Kernel:    "/var/lib/holm/images/sha256/c7a4/vmlinuz",
		Initrd:    "/var/lib/holm/images/sha256/c7a4/initrd",
		Cmdline:   "console=ttyS0 loglevel=4 panic=-1 net.ifnames=0 systemd.show_status=error holm.verity=133462,7907,-",
		RootDisk:  "/var/lib/holm/images/sha256/c7a4/root.img",
		StateDisk: Disk{Path: "/var/lib/holm/instances/75341dfc9bb3/state.qcow2", Format: Qcow2},
		Network:   "holm-default", Filter: "holm-guard-01234567", MAC: "52:54:00:ab:72:df", Address: netip.MustParseAddr("10.77.0.10"),
		ConsoleLog: "/var/lib/holm/instances/75341dfc9bb3/console.log",
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func live(tb testing.TB) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "live.xml"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestWhatLibvirtMakesOfADomainIsWhatWasAskedFor(t *testing.T) {
	got, err := Differences(running(), live(t))
	if err != nil || len(got) > 0 {
		t.Errorf("got %q, %v", got, err)
	}
	for _, f := range flavours {
		text, err := Domain(f.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Differences(f.spec, text); err != nil || len(got) > 0 {
			t.Errorf("%s: got %q, %v", f.name, got, err)
		}
	}
}

func TestADomainThatWasChangedIsNotWhatWasAskedFor(t *testing.T) {
	const hostdev = "<hostdev mode='subsystem' type='pci'><source/></hostdev>"
	const args = "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-s'/></qemu:commandline>"
	for name, c := range map[string]struct{ old, new, says string }{
		"another kernel":            {"c7a4/vmlinuz", "c7a4/evil", `os/kernel: "/var/lib/holm/images/sha256/c7a4/vmlinuz" was asked for, it is "/var/lib/holm/images/sha256/c7a4/evil"`},
		"another initrd":            {"c7a4/initrd", "c7a4/evil", "os/initrd:"},
		"another command line":      {" holm.verity=", " init=/bin/sh holm.verity=", "os/cmdline:"},
		"a root that is writable":   {"<readonly/>", "", "disk vda: readonly was asked for and is missing"},
		"another root":              {"c7a4/root.img", "c7a4/mine.img", "disk vda/source: file"},
		"another format":            {"type='qcow2'", "type='raw'", `disk vdb/driver: type "qcow2" was asked for, it is "raw"`},
		"an overlay":                {"<backingStore/>", "<backingStore type='file'><source file='/x'/></backingStore>", "disk vda/backingStore: source was not asked for"},
		"another serial":            {"<serial>holm-root", "<serial>mine", "disk vda/serial:"},
		"a shareable disk":          {"<readonly/>", "<readonly/><shareable/>", "disk vda: shareable was not asked for"},
		"one more disk":             {"<controller type='usb'", "<disk type='file' device='disk'><target dev='vdd'/></disk><controller type='usb'", "devices: disk vdd was not asked for"},
		"the same disk twice":       {"<controller type='usb'", "<disk type='file' device='disk'><target dev='vda'/></disk><controller type='usb'", "devices: disk vda #2 was not asked for"},
		"no filter":                 {"filter='holm-guard-01234567'", "filter='allow-arp'", "filterref: filter"},
		"another address allowed":   {"value='10.77.0.10'", "value='10.77.0.11'", "parameter IP: value"},
		"one more address":          {"<parameter name='IP'", "<parameter name='IP' value='10.77.0.99'/><parameter name='IP'", "was asked for, it is"},
		"an address that is learnt": {"value='none'", "value='any'", "parameter CTRL_IP_LEARNING"},
		"a port that is open":       {"<port isolated='yes'/>", "", "port was asked for and is missing"},
		"another MAC":               {"52:54:00:ab:72:df", "52:54:00:ab:72:e0", "interface 52:54:00:ab:72:df was asked for and is missing"},
		"another network":           {"network='holm-default'", "network='default'", "source: network"},
		"one more interface":        {"<serial type='pty'>", "<interface type='direct'/><serial type='pty'>", "interface was not asked for"},
		"a device of the host":      {"<panic", hostdev + "<panic", "devices: hostdev was not asked for"},
		"a folder of the host":      {"<panic", "<filesystem type='mount'/><panic", "filesystem was not asked for"},
		"a device nobody knows":     {"<panic", "<teleporter/><panic", "teleporter was not asked for"},
		"a screen":                  {"<panic", "<graphics type='vnc' port='-1'/><panic", "graphics was not asked for"},
		"another channel":           {"<panic", "<channel type='unix'><target name='x'/></channel><panic", "channel x was not asked for"},
		"a balloon":                 {"<memballoon model='none'/>", "<memballoon model='virtio'/>", `memballoon: model "none" was asked for, it is "virtio"`},
		"a USB controller":          {"model='none'>\n      <alias name='usb'/>", "model='qemu-xhci'>\n      <alias name='usb'/>", "controller usb none was asked for and is missing"},
		"a USB stick's controller":  {"<panic", "<controller type='usb' model='ich9'/><panic", "controller usb ich9 was not asked for"},
		"arguments of QEMU":         {"<devices>", args + "<devices>", "commandline was not asked for"},
		"another QEMU":              {"/usr/bin/qemu-system-x86_64", "/tmp/qemu-system-x86_64", "emulator was not asked for"},
		"more memory":               {">1048576</memory>", ">2097152</memory>", `memory: "1048576 KiB" was asked for, it is "2097152 KiB"`},
		"more memory now":           {">1048576</currentMemory>", ">524288</currentMemory>", "currentMemory was not asked for"},
		"memory of no size":         {">1048576</memory>", ">-1</memory>", "memory:"},
		"memory in core dumps":      {"dumpCore='off'", "dumpCore='on'", "memory: dumpCore"},
		"memory that is merged":     {"<nosharepages/>", "", "memoryBacking: nosharepages was asked for and is missing"},
		"memory that is shared":     {"<nosharepages/>", "<nosharepages/><access mode='shared'/>", "memoryBacking: access was not asked for"},
		"more CPUs":                 {">2</vcpu>", ">4</vcpu>", "vcpu:"},
		"another accelerator":       {"<domain type='qemu'", "<domain type='kvm'", `domain: type "qemu" was asked for, it is "kvm"`},
		"the back door of VMware":   {"<vmport state='off'/>", "<vmport state='on'/>", "features/vmport"},
		"no label":                  {"<seclabel type='dynamic'", "<seclabel type='none'", "seclabel dac was not asked for"},
		"root's label":              {"<label>+64055:+64055</label>", "<label>+0:+0</label>", "seclabel dac was not asked for"},
		"a label of another guest":  {"<seclabel type", "<seclabel type='dynamic' model='apparmor' relabel='yes'><label>libvirt-x</label></seclabel><seclabel type", "seclabel apparmor was not asked for"},
		"another owner":             {"<holm:id>75341dfc9bb3", "<holm:id>75341dfc9bb4", "metadata"},
		"a boot from the network":   {"<boot dev='hd'/>", "<boot dev='network'/>", "os: boot was not asked for"},
		"a loader":                  {"<boot dev='hd'/>", "<loader>/x</loader>", "os: loader was not asked for"},
		"crashes that are kept":     {"<on_crash>destroy", "<on_crash>preserve", "on_crash"},
		"a console elsewhere":       {"console.log' append='on'/>\n      <target type='isa", "c.log' append='on'/>\n      <target type='isa", "serial/log: file"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(live(t), c.old, c.new, 1)
			if text == live(t) {
				t.Fatalf("%q is not in the live domain", c.old)
			}
			got, err := Differences(running(), text)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(got, "\n"), c.says) {
				t.Errorf("got %q, want %q in it", got, c.says)
			}
		})
	}
}

func TestWhatBelongsToNewerLibvirtsIsNoDifference(t *testing.T) {
	text := strings.Replace(live(t), "<memballoon", "<watchdog model='itco' action='reset'/><memballoon", 1)
	label := "<seclabel type='dynamic' model='apparmor' relabel='yes'><label>libvirt-" + running().UUID + "</label></seclabel>"
	text = strings.Replace(text, "<seclabel type", label+"<seclabel type", 1)
	text = strings.Replace(text, "<metadata>", "<metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'/>", 1)
	if got, err := Differences(running(), text); err != nil || len(got) > 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheUserOfAnotherTenantIsADifference(t *testing.T) {
	const mine = 2000000001
	static := func(uid int) string {
		return fmt.Sprintf("<seclabel type='static' model='dac' relabel='no'><label>+%d:+%d</label></seclabel>", uid, uid)
	}
	text := regexp.MustCompile(`<seclabel model='dac' relabel='no'/>`).ReplaceAllString(live(t), "") // of the root disk
	at := strings.LastIndex(text, "<seclabel")
	end := strings.LastIndex(text, "</seclabel>") + len("</seclabel>")
	for name, c := range map[string]struct{ label, says string }{
		"its own":             {static(mine), ""},
		"another one's":       {static(mine + 1), `seclabel dac/label: "+2000000001:+2000000001" was asked for`},
		"root's":              {static(0), `seclabel dac/label`},
		"libvirt's":           {text[at:end], `seclabel dac: `},
		"none":                {"", "seclabel dac was asked for and is missing"},
		"one that takes more": {strings.Replace(static(mine), "relabel='no'", "relabel='yes'", 1), `relabel "no" was asked for, it is "yes"`},
	} {
		got, err := Differences(running(func(s *Spec) { s.UID = mine }), text[:at]+c.label+text[end:])
		if err != nil || c.says == "" && len(got) > 0 || !strings.Contains(strings.Join(got, "\n"), c.says) {
			t.Errorf("%s: got %q, %v, want %q in it", name, got, err, c.says)
		}
	}
}

func TestASeedThatIsStillThereIsADifference(t *testing.T) {
	with, err := Domain(running(func(s *Spec) { s.Seed = "/var/lib/holm/instances/75341dfc9bb3/seed.iso" }))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Differences(running(), with)
	if diff := cmp.Diff([]string{"devices: disk vdc was not asked for"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestALiveDomainIsRead(t *testing.T) {
	got, err := ReadLive(live(t))
	want := Live{
		ID: 1, Emulator: "/usr/bin/qemu-system-x86_64", Kernel: running().Kernel, Initrd: running().Initrd,
		Disks: map[string]string{"vda": running().RootDisk, "vdb": running().StateDisk.Path},
		Sockets: []string{
			"/var/lib/libvirt/qemu/channel/target/domain-1-holm.default.web/holm.report.0",
			"/var/lib/libvirt/qemu/channel/target/domain-1-holm.default.web/holm.ready.0",
		},
		Open:  []string{"holm.report.0", "holm.ready.0"},
		Cards: []Card{{Tap: "vnet0", Bridge: "holm-default", Isolated: true}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "<domain", "\x00", strings.Repeat("<a>", 1<<20)} {
		if _, err := ReadLive(bad); err == nil {
			t.Errorf("read %.20q", bad)
		}
		if _, err := Differences(running(), bad); err == nil {
			t.Errorf("compared %.20q", bad)
		}
	}
	if _, err := Differences(running(), strings.Repeat("<domain>", 40)+strings.Repeat("</domain>", 40)); err == nil {
		t.Error("compared one of forty storeys")
	}
}

func FuzzDifferences(f *testing.F) {
	f.Add(live(f))
	f.Add("<domain/>")
	f.Add("<domain type='kvm' id='-1'><devices><disk><target/></disk><disk/></devices></domain>")
	f.Add("<domain><memory unit='GiB'>99999999999999999999</memory></domain>")
	want := live(f)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ReadLive(text)
		got, err := Differences(running(), text)
		if err != nil || text == want {
			return
		}
		for _, line := range got {
			if strings.ContainsAny(line, "\r\n") && !strings.Contains(line, `"`) {
				t.Errorf("not one line: %q", line)
			}
		}
	})
}
