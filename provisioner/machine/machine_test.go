package machine

import (
	"encoding/xml"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"libvirt.org/go/libvirtxml"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample(change ...func(*Spec)) Spec {
	s := Spec{
		Name: "holm.acme.web", UUID: "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e90", InstanceID: "0123456789ab", Tenant: "acme", UID: 2000000001,
		Accel: KVM, Machine: "pc-q35-7.2", VCPUs: 2, MemoryMiB: 2048,
		Kernel:   "/var/lib/holm/images/sha256/41be/kernel",
		Initrd:   "/var/lib/holm/images/sha256/41be/initrd",
		Cmdline:  `console=ttyS0 quiet holm.root="a&b" holm.x='<y>'`,
		RootDisk: "/var/lib/holm/images/sha256/41be/root.erofs", StateDisk: Disk{Path: "/var/lib/holm/instances/0123456789ab/state.qcow2", Format: Qcow2},
		Seed:    "/var/lib/holm/instances/0123456789ab/seed.iso",
		Network: "holm-default", Filter: "holm-guard-01234567", MAC: "52:54:00:4e:11:0c", Address: netip.MustParseAddr("10.77.0.12"), Address6: netip.MustParseAddr("fd12:3456:789a::c"),
		ConsoleLog: "/var/lib/holm/instances/0123456789ab/console.log",
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

var flavours = []struct {
	name string
	spec Spec
}{
	{"kvm", sample()},
	{"tcg", sample(func(s *Spec) { s.Accel = TCG })},
	{"raw", sample(func(s *Spec) {
		s.StateDisk, s.VCPUs = Disk{Path: "/srv/holm/0123456789ab.raw", Format: Raw}, 1
	})},
	{"block", sample(func(s *Spec) {
		s.StateDisk, s.VCPUs = Disk{Path: "/dev/fast/holm-0123456789ab", Format: Raw, Block: true}, 8
	})},
	{"buffered", sample(func(s *Spec) {
		s.StateDisk = Disk{Path: "/srv/holm/0123456789ab.raw", Format: Raw, Buffered: true}
	})},
	{"encrypted", sample(func(s *Spec) { s.StateDisk.Secret = s.UUID })},
	{"tcg-of-one", sample(func(s *Spec) { s.Accel, s.VCPUs = TCG, 1 })},
	{"libvirts-user", sample(func(s *Spec) { s.UID = 0 })},
	{"without-seed", sample(func(s *Spec) { s.Seed = "" })},
}

func TestADomainIsRenderedAsTheGoldenFileSays(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			got, err := Domain(f.spec)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", f.name+".xml")
			if *update {
				if err := os.WriteFile(golden, []byte(got+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
				t.Errorf("run with -update if this is meant (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADomainParsedBackHasEveryValueOfItsSpec(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			if diff := cmp.Diff(f.spec, readBack(t, f.spec), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
				t.Errorf("lost or changed on the way (-want +got):\n%s", diff)
			}
		})
	}
}

// readBack rebuilds a Spec from nothing but the XML.
func readBack(t *testing.T, s Spec) Spec {
	t.Helper()
	text, err := Domain(s)
	if err != nil {
		t.Fatal(err)
	}
	var d libvirtxml.Domain
	if err := d.Unmarshal(text); err != nil {
		t.Fatal(err)
	}
	var meta struct {
		ID     string `xml:"https://holm.invalid/xmlns/instance/1 id"`
		Tenant string `xml:"https://holm.invalid/xmlns/instance/1 tenant"`
	}
	if err := xml.Unmarshal([]byte(d.Metadata.XML), &meta); err != nil {
		t.Fatal(err)
	}
	nic := d.Devices.Interfaces[0]
	got := Spec{
		Name: d.Name, UUID: d.UUID, InstanceID: meta.ID, Tenant: meta.Tenant,
		Accel: map[string]string{"kvm": KVM, "qemu": TCG}[d.Type], Machine: d.OS.Type.Machine,
		VCPUs: vcpusOf(d.VCPU), MemoryMiB: int(d.Memory.Value),
		Kernel: d.OS.Kernel, Initrd: d.OS.Initrd, Cmdline: d.OS.Cmdline,
		RootDisk: d.Devices.Disks[0].Source.File.File, StateDisk: readDisk(d.Devices.Disks[1]),
		Network: nic.Source.Network.Network, Filter: nic.FilterRef.Filter, Internal: nic.PortOptions == nil, MAC: nic.MAC.Address,
		Address: netip.MustParseAddr(nic.FilterRef.Parameters[1].Value), Address6: netip.MustParseAddr(nic.FilterRef.Parameters[2].Value),
		ConsoleLog: d.Devices.Serials[0].Log.File,
	}
	if len(d.SecLabel) > 0 {
		if _, err := fmt.Sscanf(d.SecLabel[0].Label, "+%d:", &got.UID); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.Devices.Disks) > 2 {
		got.Seed = d.Devices.Disks[2].Source.File.File
	}
	return got
}

func vcpusOf(v *libvirtxml.DomainVCPU) int {
	if v.Current != 0 {
		return int(v.Current)
	}
	return int(v.Value)
}

func readDisk(d libvirtxml.DomainDisk) Disk {
	if d.Source.Block != nil {
		return Disk{Path: d.Source.Block.Dev, Format: d.Driver.Type, Block: true}
	}
	got := Disk{Path: d.Source.File.File, Format: d.Driver.Type, Buffered: d.Driver.Cache == "writeback"}
	if e := d.Source.Encryption; e != nil && e.Format == "luks" && len(e.Secrets) == 1 && e.Secrets[0].Type == "passphrase" {
		got.Secret = e.Secrets[0].UUID
	}
	return got
}

func TestADomainHasNoDeviceBeyondTheOnesItNeeds(t *testing.T) {
	text, err := Domain(sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, forbidden := range []string{
		"<graphics", "<video", "<sound", "<audio", "<input", "<tpm", "<hostdev", "<redirdev", "<filesystem", "<shmem",
		"<loader", "<bandwidth", "relabel=\"yes\"", "vnc", "spice", "type=\"volume\"",
	} {
		if strings.Contains(text, forbidden) {
			t.Errorf("found %s in\n%s", forbidden, text)
		}
	}
	var d libvirtxml.Domain
	if err := d.Unmarshal(text); err != nil {
		t.Fatal(err)
	}
	for _, disk := range d.Devices.Disks {
		if writable := disk.ReadOnly == nil; writable != (disk.Target.Dev == StateTarget) {
			t.Errorf("disk %s: writable is %t", disk.Target.Dev, writable)
		}
		if disk.Target.Bus != "virtio" {
			t.Errorf("disk %s is on bus %s", disk.Target.Dev, disk.Target.Bus)
		}
	}
	if port := d.Devices.Channels[0].Target.VirtIO.Name; port != report.Channel {
		t.Errorf("the report port is called %q, the guest opens %q", port, report.Channel)
	}
}

func TestASpecThatIsHostileOrOutOfRangeIsRefused(t *testing.T) {
	long := strings.Repeat("a", 64<<10)
	for name, change := range map[string]func(*Spec){
		"no name":                          func(s *Spec) { s.Name = "" },
		"a name with a newline":            func(s *Spec) { s.Name = "web\n" },
		"a name with a slash":              func(s *Spec) { s.Name = "../web" },
		"a name like an option":            func(s *Spec) { s.Name = "-web" },
		"a name with markup":               func(s *Spec) { s.Name = "a</name><name>b" },
		"a name of 64 KiB":                 func(s *Spec) { s.Name = long },
		"a tenant with markup":             func(s *Spec) { s.Tenant = "<x/>" },
		"an id in upper case":              func(s *Spec) { s.InstanceID = "0123456789AB" },
		"an id that is too long":           func(s *Spec) { s.InstanceID = "0123456789abc" },
		"no uuid":                          func(s *Spec) { s.UUID = "" },
		"a uuid of zeros":                  func(s *Spec) { s.UUID = nilUUID },
		"a uuid in braces":                 func(s *Spec) { s.UUID = "{" + s.UUID + "}" },
		"an unversioned machine":           func(s *Spec) { s.Machine = "q35" },
		"another machine":                  func(s *Spec) { s.Machine = "pc-i440fx-7.2" },
		"a machine with options":           func(s *Spec) { s.Machine = "pc-q35-7.2,accel=tcg" },
		"an unknown accelerator":           func(s *Spec) { s.Accel = "hvf" },
		"no vCPU":                          func(s *Spec) { s.VCPUs = 0 },
		"too many vCPUs":                   func(s *Spec) { s.VCPUs = model.MaxVCPUs + 1 },
		"negative memory":                  func(s *Spec) { s.MemoryMiB = -1 },
		"too much memory":                  func(s *Spec) { s.MemoryMiB = MaxMemoryMiB + 1 },
		"a command line with a newline":    func(s *Spec) { s.Cmdline = "quiet\nroot=/dev/vdb" },
		"a command line of 64 KiB":         func(s *Spec) { s.Cmdline = long },
		"a command line that is no ASCII":  func(s *Spec) { s.Cmdline = "quiet\u00a0" },
		"no kernel":                        func(s *Spec) { s.Kernel = "" },
		"a relative initrd":                func(s *Spec) { s.Initrd = "initrd" },
		"a root disk out of its directory": func(s *Spec) { s.RootDisk = "/var/lib/holm/../../etc/shadow" },
		"a root disk with a trailing slash": func(s *Spec) {
			s.RootDisk += "/"
		},
		"a root disk that is a directory":      func(s *Spec) { s.RootDisk = "/" },
		"a state disk with NUL":                func(s *Spec) { s.StateDisk.Path += "\x00" },
		"a state disk that is no UTF-8":        func(s *Spec) { s.StateDisk.Path += "\xff" },
		"a state disk that is the root disk":   func(s *Spec) { s.StateDisk.Path = s.RootDisk },
		"a console log that is the state disk": func(s *Spec) { s.ConsoleLog = s.StateDisk.Path },
		"a state disk of no format":            func(s *Spec) { s.StateDisk.Format = "" },
		"a state disk of another format":       func(s *Spec) { s.StateDisk.Format = "vmdk" },
		"a seed that is the kernel":            func(s *Spec) { s.Seed = s.Kernel },
		"a seed with an escape":                func(s *Spec) { s.Seed += "\x1b[31m" },
		"a path that is too long":              func(s *Spec) { s.Kernel = "/" + long },
		"no network":                           func(s *Spec) { s.Network = "" },
		"a network with a quote":               func(s *Spec) { s.Network = `a"b` },
		"a MAC in upper case":                  func(s *Spec) { s.MAC = "52:54:00:4E:11:0C" },
		"a MAC with dashes":                    func(s *Spec) { s.MAC = "52-54-00-4e-11-0c" },
		"a multicast MAC":                      func(s *Spec) { s.MAC = "53:54:00:4e:11:0c" },
		"a MAC of eight bytes":                 func(s *Spec) { s.MAC = "52:54:00:4e:11:0c:00:01" },
		"no address":                           func(s *Spec) { s.Address = netip.Addr{} },
		"an IPv6 address":                      func(s *Spec) { s.Address = netip.MustParseAddr("fe80::1") },
		"a loopback address":                   func(s *Spec) { s.Address = netip.MustParseAddr("127.0.0.1") },
		"no filter":                            func(s *Spec) { s.Filter = "" },
		"a filter with markup":                 func(s *Spec) { s.Filter = "a'/>" },
		"an IPv4 address where IPv6 is meant":  func(s *Spec) { s.Address6 = netip.MustParseAddr("10.77.0.12") },
		"a link-local IPv6 address":            func(s *Spec) { s.Address6 = netip.MustParseAddr("fe80::1") },
		"an IPv6 address with a zone":          func(s *Spec) { s.Address6 = netip.MustParseAddr("fd12::1%eth0") },
		"a broadcast address":                  func(s *Spec) { s.Address = netip.MustParseAddr("255.255.255.255") },
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Domain(sample(change))
			if err == nil {
				t.Fatalf("was rendered:\n%s", text)
			}
			if kind := fault.KindOf(err); kind != fault.Usage {
				t.Errorf("kind %d, want %d", kind, fault.Usage)
			}
			if msg := err.Error(); strings.ContainsAny(msg, "\n\x00\x1b") || len(msg) > 400 {
				t.Errorf("not one short line: %q", msg)
			}
		})
	}
}

func TestADomainPassesLibvirtsOwnSchema(t *testing.T) {
	for _, program := range []string{"virt-xml-validate", "xmllint"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("left out: %s is not installed (apt install libvirt-clients libxml2-utils); "+
				"the hypervisor's tests let libvirt itself judge the same XML", program)
		}
	}
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			text, err := Domain(f.spec)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "domain.xml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), "virt-xml-validate", file, "domain").CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func FuzzNoTextBreaksOutOfItsPlace(f *testing.F) {
	f.Add("web", "quiet", "/a/kernel")
	f.Add("a</name>", "x\ny", "/a/../b")
	f.Add("a&amp;b", "]]>", "/a/<b>&\"'")
	f.Fuzz(func(t *testing.T, name, cmdline, path string) {
		s := sample(func(s *Spec) { s.Name, s.Cmdline, s.Kernel = name, cmdline, path })
		if _, err := Domain(s); err != nil {
			return
		}
		if diff := cmp.Diff(s, readBack(t, s), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Error(diff)
		}
	})
}
