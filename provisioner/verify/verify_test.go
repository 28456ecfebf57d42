package verify

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"holm/guest/report"
	"holm/provisioner/machine"
	"holm/provisioner/network"
	"holm/provisioner/uids"
)

var errRefused = errors.New("refused")

func newPrivate(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func TestAnInstanceThatKeepsItsPromisesPassesEveryCheck(t *testing.T) {
	b := newBench(t)
	results := b.env.Run(t.Context(), b.subject)
	var ids []string
	for _, r := range results {
		ids = append(ids, string(r.Side)+" "+r.ID)
		if r.Outcome != report.Passed || r.Tried == "" || r.Found == "" || r.Promise == "" || r.Source == "" {
			t.Errorf("%+v", r)
		}
	}
	want := strings.Split("guest kernel-running,guest boot-id,guest clock,host qemu-user,host tenant-walls,host qemu-caps,host qemu-seccomp,host qemu-apparmor,host qemu-cgroup,host qemu-limits,host card-bridge,host card-isolated,host card-filter,host network-walls,host domain-as-asked,"+
		"host kernel-of-image,host accel,host seed-gone,network ssh-root,network ssh-password,network ssh-algorithms,network firewall", ",")
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
}

// tell gives the guest another first answer.
func (b *bench) tell(change func(s *Said)) {
	said, _ := b.subject.Guest.first(b.t.Context())
	change(&said)
	b.subject.Guest = NewAnswer()
	b.subject.Guest.Tell(said)
}

// silence is a guest that has said nothing and will not.
func (b *bench) silence() {
	b.subject.Guest = NewAnswer()
	b.subject.Guest.End()
}

func (b *bench) live(old, now string) {
	text := strings.Replace(b.subject.Live, old, now, 1)
	if text == b.subject.Live {
		b.t.Fatalf("%q is not in the live domain: %s", old, text)
	}
	b.subject.Live = text
}

func TestRunFolder_IsNamedByTheFirstTwentyCharacters(t *testing.T) {
	for name, want := range map[string]string{"holm.acme.web": "domain-7-holm.acme.web", "holm.default.a-long-name": "domain-7-holm.default.a-long-"} {
		if got := runFolder(7, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestEverySabotageIsSeen(t *testing.T) {
	const fail, unsure, none = report.Failed, report.Inconclusive, report.NotApplicable
	for name, c := range map[string]struct {
		id       string
		sabotage func(b *bench)
		outcome  report.Outcome
		says     string
	}{
		"one thread is root":             {"qemu-user", func(b *bench) { b.thread("Uid:	2000000001	2000000001	2000000001", "Uid:	2000000001	0	2000000001") }, fail, "thread 4712 qemu-system-x86: uid 2000000001 0 2000000001 2000000001"},
		"one thread is another tenant's": {"qemu-user", func(b *bench) { b.thread("Uid:	2000000001	2000000001", "Uid:	2000000001	2000000002") }, fail, "not 2000000001 alone"},
		"it is in another group":         {"qemu-user", func(b *bench) { b.thread("Groups:	2000000001", "Groups:	107 2000000001") }, fail, "groups 107 2000000001, not"},
		"it was started before":          {"qemu-user", func(b *bench) { b.subject.Wanted.UID = 0 }, fail, "stop and start it"},
		"it has libvirt's user":          {"tenant-walls", func(b *bench) { b.subject.Wanted.UID = 0 }, fail, "stop and start it"},
		"a neighbour reads the volume":   {"tenant-walls", func(b *bench) { b.opens = lets(2000000002, b.path("state.qcow2"), uids.Read) }, fail, "uid 2000000002 can read"},
		"a neighbour at the monitor": {"tenant-walls", func(b *bench) {
			b.opens = lets(2000000002, b.path("libvirt/domain-7-holm.acme.web/monitor.sock"), uids.Connect)
		}, fail, "can connect to"},
		"a neighbour reads its memory":   {"tenant-walls", func(b *bench) { b.opens = lets(2000000002, b.path("proc/4711/mem"), uids.Read) }, fail, "can read"},
		"its own user writes the kernel": {"tenant-walls", func(b *bench) { b.opens = lets(2000000001, b.path("image/vmlinuz"), uids.Write) }, fail, "uid 2000000001 can write to"},
		"a seed that a neighbour reads":  {"tenant-walls", func(b *bench) { b.write("seed.iso", ""); b.opens = lets(2000000002, b.path("seed.iso"), uids.Read) }, fail, "seed.iso"},
		"the monitor is elsewhere":       {"tenant-walls", func(b *bench) { b.remove("libvirt") }, unsure, "no monitor socket"},
		"the volume is elsewhere":        {"tenant-walls", func(b *bench) { b.remove("state.qcow2") }, unsure, "is not there"},
		"a group is root's":              {"qemu-user", func(b *bench) { b.thread("Groups:	2000000001", "Groups:	0") }, fail, "groups 0"},
		"its group is root's":            {"qemu-user", func(b *bench) { b.thread("Gid:	2000000001", "Gid:	0") }, fail, "gid 0"},
		"a status without users":         {"qemu-user", func(b *bench) { b.thread("Uid:	2000000001	2000000001	2000000001	2000000001\n", "") }, fail, "its uid is"},
		"files without end": {"qemu-limits", func(b *bench) {
			b.write("proc/4711/limits", strings.Replace(limits, "4096                 4096", "4096                 unlimited", 1))
		}, fail, `Max open files: "unlimited"`},
		"more threads than are held to":   {"qemu-limits", func(b *bench) { b.write("proc/4711/limits", strings.ReplaceAll(limits, "16384", "16385")) }, fail, `Max processes: "16385"`},
		"limits that cannot be read":      {"qemu-limits", func(b *bench) { b.write("proc/4711/limits", "") }, fail, "Max open files"},
		"a capability":                    {"qemu-caps", func(b *bench) { b.thread("CapEff:	0000000000000000", "CapEff:	0000000000003000") }, fail, "CapEff 0000000000003000"},
		"a permitted capability":          {"qemu-caps", func(b *bench) { b.thread("CapPrm:	0000000000000000", "CapPrm:	0000000000003000") }, fail, "CapPrm"},
		"an ambient capability":           {"qemu-caps", func(b *bench) { b.thread("CapAmb:	0000000000000000", "CapAmb:	0000000000000001") }, fail, "CapAmb"},
		"capabilities that can be gained": {"qemu-caps", func(b *bench) { b.thread("NoNewPrivs:	1", "NoNewPrivs:	0") }, fail, "CapBnd 000001ffffffffff, no_new_privs 0"},
		"a set that is no set":            {"qemu-caps", func(b *bench) { b.thread("CapInh:	0000000000000000", "CapInh:	none") }, fail, "its CapInh"},
		"a thread without filter":         {"qemu-seccomp", func(b *bench) { b.thread("Seccomp:	2", "Seccomp:	0") }, fail, `thread 4712 qemu-system-x86: seccomp "0"`},
		"a thread that may gain":          {"qemu-seccomp", func(b *bench) { b.thread("NoNewPrivs:	1", "NoNewPrivs:	0") }, fail, `no_new_privs "0"`},
		"another guest's profile":         {"qemu-apparmor", func(b *bench) { b.write("proc/4711/task/4712/attr/current", "libvirt-x (enforce)\n") }, fail, `"libvirt-x (enforce)" instead of`},
		"a profile that complains":        {"qemu-apparmor", func(b *bench) { b.write("proc/4711/task/4712/attr/current", "libvirt-"+uuid+" (complain)\n") }, fail, "(complain)"},
		"AppArmor that is switched off":   {"qemu-apparmor", func(b *bench) { b.write("sys/module/apparmor/parameters/enabled", "N\n") }, fail, "switched off"},
		"no AppArmor":                     {"qemu-apparmor", func(b *bench) { b.remove("sys/module") }, none, "the host's kernel has no AppArmor"},
		"out of its cgroup": {"qemu-cgroup", func(b *bench) {
			b.write("proc/4711/task/4712/cgroup", strings.Replace(cgroup, "memory:/machine/qemu-7-holm.acme.web.libvirt-qemu", "memory:/", 1))
		}, fail, `its cgroup for memory is "/"`},
		"another machine's cgroup": {"qemu-cgroup", func(b *bench) {
			b.write("proc/4711/task/4712/cgroup", strings.ReplaceAll(cgroup, "qemu-7-", "qemu-77-"))
		}, fail, "which is not its own"},
		"the user's session":            {"qemu-cgroup", func(b *bench) { b.write("proc/4711/task/4712/cgroup", "0::/user.slice\n") }, fail, "its cgroup for unified"},
		"no cgroups":                    {"qemu-cgroup", func(b *bench) { b.remove("proc/4711/task/4712"); b.remove("proc/4711/task/4711/cgroup") }, none, "no cgroups"},
		"another network's bridge":      {"card-bridge", func(b *bench) { b.link("sys/class/net/vnet7/master", "../holm1") }, fail, "vnet7 hangs on holm1, not on holm0"},
		"on no bridge":                  {"card-bridge", func(b *bench) { b.remove("sys/class/net/vnet7/master") }, fail, "vnet7 hangs on no bridge"},
		"a card that is gone":           {"card-bridge", func(b *bench) { b.remove("sys/class/net/vnet7") }, fail, "vnet7 hangs on no bridge"},
		"a domain that hides its card":  {"card-bridge", func(b *bench) { b.live(`<target dev="vnet7"></target>`, "") }, unsure, "libvirt names no interface"},
		"a card that leaves the house":  {"card-bridge", func(b *bench) { b.live(`dev="vnet7"`, `dev="../vnet7"`) }, unsure, "libvirt names no interface"},
		"a port that is not isolated":   {"card-isolated", func(b *bench) { b.write("sys/class/net/vnet7/brport/isolated", "0\n") }, fail, "the kernel's port vnet7 is not isolated"},
		"a port that is on no bridge":   {"card-isolated", func(b *bench) { b.remove("sys/class/net/vnet7/brport") }, unsure, "no such file"},
		"a filter that nobody asks":     {"card-filter", func(b *bench) { b.frames("-i vnet7 -j libvirt-I-vnet7\n", "") }, fail, "no rule takes what vnet7 sends to a filter"},
		"a filter that drops nothing":   {"card-filter", func(b *bench) { b.frames("-j DROP", "-j ACCEPT") }, fail, "nothing that vnet7 sends is dropped"},
		"a filter with another MAC":     {"card-filter", func(b *bench) { b.frames("-s 52:54:00:ab:72:df", "-s 52:54:00:ab:72:00") }, fail, "52:54:00:ab:72:00 may be claimed"},
		"a filter with another address": {"card-filter", func(b *bench) { b.frames("--ip-src 10.77.0.10", "--ip-src 10.77.0.11") }, fail, "10.77.0.11 may be claimed"},
		"a filter with a whole network": {"card-filter", func(b *bench) { b.frames("--ip-src 10.77.0.10", "--ip-src 10.77.0.0/24") }, fail, "10.77.0.0/24 may be claimed"},
		"a filter of no MAC":            {"card-filter", func(b *bench) { b.frames("-s 52:54:00:ab:72:df ", "") }, fail, "no rule knows 52:54:00:ab:72:df"},
		"a filter of no address":        {"card-filter", func(b *bench) { b.frames("--ip-src 10.77.0.10 ", "") }, fail, "no rule knows 10.77.0.10"},
		"a filter with another IPv6":    {"card-filter", func(b *bench) { b.frames("--ip6-src fd00:77:0:0::a", "--ip6-src fd00:77::b") }, fail, "fd00:77::b may be claimed"},
		"a filter with a whole /64":     {"card-filter", func(b *bench) { b.frames("--ip6-src fd00:77:0:0::a", "--ip6-src fd00:77::/ffff:ffff:ffff:ffff::") }, fail, "may be claimed"},
		"a filter of no IPv6":           {"card-filter", func(b *bench) { b.frames("-p IPv6 --ip6-src fd00:77:0:0::a -j ACCEPT\n", "") }, fail, "no rule knows fd00:77::a"},
		"a filter of any IPv6":          {"card-filter", func(b *bench) { b.frames("-p IPv6 --ip6-src fd00:77:0:0::a", "-p IPv6") }, fail, "IPv6 of any address is let through"},
		"walls that are gone": {"network-walls", func(b *bench) {
			b.subject.Walls = func(context.Context) (network.Walls, error) {
				return network.Walls{Bridge: "holm0", Absent: []string{"inet holm.holm0"}}, nil
			}
		}, fail, "holm0: there is no table inet holm.holm0"},
		"walls of which nobody knows": {"network-walls", func(b *bench) { b.subject.Walls = nil }, report.Inconclusive, "on record"},
		"a way past the filter":       {"card-filter", func(b *bench) { b.frames("-i vnet7 -j lib", "-i vnet7 -j ACCEPT\n-i vnet7 -j lib") }, fail, "let through before it is looked at"},
		"a way past all filters":      {"card-filter", func(b *bench) { b.frames("-i vnet7 -j lib", "-j ACCEPT\n-i vnet7 -j lib") }, fail, "let through before it is looked at"},
		"a neighbour's way past":      {"card-filter", func(b *bench) { b.frames("-i vnet77 -j lib", "-i vnet77 -j ACCEPT\n-i vnet77 -j lib") }, report.Passed, "hold vnet7 to"},
		"rules that cannot be read": {"card-filter", func(b *bench) {
			b.env.Frames = func(context.Context) ([]byte, error) { return nil, errRefused }
		}, unsure, "refused"},
		"a changed domain":              {"domain-as-asked", func(b *bench) { b.live("<readonly>", "<shareable>"); b.live("</readonly>", "</shareable>") }, fail, "(and 1 more)"},
		"one more device":               {"domain-as-asked", func(b *bench) { b.live("</devices>", "<hostdev/></devices>") }, fail, "devices: hostdev was not asked for"},
		"a domain that is not told":     {"domain-as-asked", func(b *bench) { b.subject.Live = "" }, unsure, "libvirt does not say"},
		"another kernel":                {"kernel-of-image", func(b *bench) { b.live("image/vmlinuz", "evil") }, fail, "it boots "},
		"a kernel that was changed":     {"kernel-of-image", func(b *bench) { b.write("image/vmlinuz", "evil") }, fail, "the manifest says"},
		"an initrd that was changed":    {"kernel-of-image", func(b *bench) { b.write("image/initrd", "evil") }, fail, "image/initrd has the sha256"},
		"a kernel that is gone":         {"kernel-of-image", func(b *bench) { b.remove("image/vmlinuz") }, unsure, "no such file"},
		"a guest with another kernel":   {"kernel-running", func(b *bench) { b.tell(func(s *Said) { s.Report.Kernel = "6.6\x1b[2J" }) }, fail, `the guest runs "6.6`},
		"a guest that hides its kernel": {"kernel-running", (*bench).silence, unsure, "the guest does not say"},
		"a cloned guest":                {"boot-id", func(b *bench) { b.tell(func(s *Said) { s.Report.BootID = "b-2" }) }, fail, "b-2 is also that of instance acme/other"},
		"a guest without a boot id":     {"boot-id", (*bench).silence, unsure, "the guest does not say"},
		"a clock that is late":          {"clock", func(b *bench) { b.tell(func(s *Said) { s.Report.Clock = s.Asked.Add(-6 * time.Second) }) }, fail, "it is 6s off"},
		"a clock that is early":         {"clock", func(b *bench) { b.tell(func(s *Said) { s.Report.Clock = s.Heard.Add(time.Hour) }) }, fail, "it is 1h0m0s off"},
		"a clock that is not told":      {"clock", func(b *bench) { b.tell(func(s *Said) { s.Report.Clock = time.Time{} }) }, unsure, "does not say"},
		"a slow answer": {"clock", func(b *bench) {
			b.tell(func(s *Said) { s.Heard = s.Asked.Add(time.Minute); s.Report.Clock = s.Asked.Add(30 * time.Second) })
		}, report.Passed, "after a round trip of 1m0s"},
		"no virtual machine of the kernel": {"accel", func(b *bench) { b.link("proc/4711/fd/3", "/dev/kvm") }, fail, "the guest is emulated"},
		"a domain that is emulated":        {"accel", func(b *bench) { b.live(`type="kvm"`, `type="qemu"`) }, fail, "the guest is emulated"},
		"lab mode":                         {"accel", func(b *bench) { b.subject.Wanted.Accel, b.subject.Lab = machine.TCG, true }, none, "which is no isolation boundary"},
		"lab mode that was left":           {"accel", func(b *bench) { b.subject.Wanted.Accel = machine.TCG }, fail, "lab mode is off"},
		"a seed that is attached":          {"seed-gone", func(b *bench) { b.live(`dev="vdb"`, `dev="vdc"`) }, fail, "has not let go of vdc"},
		"a seed that lies there":           {"seed-gone", func(b *bench) { b.write("seed.iso", "x") }, fail, "seed.iso is still there"},
		"no domain to look for a seed in":  {"seed-gone", func(b *bench) { b.subject.Live = "" }, unsure, "read the live domain"},
		"root may log in":                  {"ssh-root", func(b *bench) { b.server.root = true }, fail, "root is logged in"},
		"nobody may log in":                {"ssh-root", func(b *bench) { b.subject.User = "nobody" }, unsure, "control: the instance's user cannot log in"},
		"no SSH":                           {"ssh-root", func(b *bench) { b.server.shut = true }, unsure, "control:"},
		"another host key":                 {"ssh-root", func(b *bench) { b.subject.HostKey = newServer(b.t).hostKey }, unsure, "another host key than the one on record"},
		"no host key":                      {"ssh-root", func(b *bench) { b.subject.HostKey = "" }, unsure, "no host key is on record"},
		"passwords":                        {"ssh-password", func(b *bench) { b.server.password = true }, fail, "the server asked for: password"},
		"no credential at all":             {"ssh-password", func(b *bench) { b.server.open = true }, fail, "without any credential"},
		"no control":                       {"ssh-password", func(b *bench) { b.server.shut = true }, unsure, "control:"},
		"a legacy MAC":                     {"ssh-algorithms", func(b *bench) { b.server.old.MACs = []string{"hmac-sha2-256", "hmac-sha1"} }, fail, "the server offers hmac-sha1"},
		"a legacy key exchange": {"ssh-algorithms", func(b *bench) {
			b.server.old.KeyExchanges = []string{"curve25519-sha256", "diffie-hellman-group14-sha1"}
		}, fail, "the server offers diffie-hellman-group14-sha1"},
		"a legacy cipher":     {"ssh-algorithms", func(b *bench) { b.server.old.Ciphers = []string{"aes128-ctr", "aes128-cbc"} }, fail, "the server offers aes128-cbc"},
		"a port that is open": {"firewall", func(b *bench) { b.bait = func(context.Context) (net.Conn, error) { c, _ := net.Pipe(); return c, nil } }, fail, "port 40001 let the host in"},
		"no bait":             {"firewall", (*bench).silence, unsure, "the guest opened no port"},
		"a bait of nonsense":  {"firewall", func(b *bench) { b.tell(func(s *Said) { s.Report.Bait = 70000 }); b.subject.Guest.End() }, unsure, "the guest opened no port"},
		"a bait that is gone": {"firewall", func(b *bench) { b.subject.Guest.End() }, unsure, "had closed port 40001"},
		"a bait that goes meanwhile": {"firewall", func(b *bench) {
			b.bait = func(context.Context) (net.Conn, error) { b.subject.Guest.End(); return nil, syscall.ECONNREFUSED }
		}, unsure, "closed port 40001 while it was tried"},
		"a filter that refuses":   {"firewall", func(b *bench) { b.bait = func(context.Context) (net.Conn, error) { return nil, syscall.ECONNREFUSED } }, report.Passed, "refused; control: port 22 answered"},
		"a guest that is cut off": {"firewall", func(b *bench) { b.server.shut = true }, unsure, "control: port 22"},
		"another error":           {"firewall", func(b *bench) { b.bait = func(context.Context) (net.Conn, error) { return nil, syscall.EINVAL } }, unsure, "invalid argument"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			c.sabotage(b)
			got := b.find(c.id)
			if got.Outcome != c.outcome || !strings.Contains(got.Found, c.says) {
				t.Errorf("%s: %s %q, want %s with %q", c.id, got.Outcome, got.Found, c.outcome, c.says)
			}
			if strings.ContainsAny(got.Found, "\n\x1b") {
				t.Errorf("not one line for a terminal: %q", got.Found)
			}
		})
	}
}

func TestAProcessThatIsNotTheInstancesIsNotBelieved(t *testing.T) {
	for says, sabotage := range map[string]func(b *bench){
		"libvirt names no process":           func(b *bench) { b.remove("run") },
		"libvirt names the process":          func(b *bench) { b.write("run/holm.acme.web.pid", "../1\n") },
		"process 4711 is gone":               func(b *bench) { b.remove("proc/4711") },
		"was not started for domain":         func(b *bench) { b.write("proc/4711/cmdline", "sleep\x001\x00") },
		"was not started for domain " + uuid: func(b *bench) { b.write("proc/4711/cmdline", "x\x00-uuid\x00") },
		"process 4711 runs":                  func(b *bench) { b.link("proc/4711/exe", "/tmp/qemu-system-x86_64") },
		"has no threads any more":            func(b *bench) { b.remove("proc/4711/task/4711"); b.remove("proc/4711/task/4712") },
	} {
		b := newBench(t)
		sabotage(b)
		for _, id := range []string{"qemu-user", "qemu-caps", "qemu-seccomp", "qemu-apparmor", "qemu-cgroup", "qemu-limits", "accel"} {
			if got := b.find(id); got.Outcome != report.Inconclusive || !strings.Contains(got.Found, says) {
				t.Errorf("%s: %s %q, want %q", id, got.Outcome, got.Found, says)
			}
		}
	}
}

func TestTheHostsChecksEndWithTheirContext(t *testing.T) {
	b := newBench(t)
	b.subject.Guest = NewAnswer() // never says a word
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	for _, r := range b.env.Run(ctx, b.subject) {
		if r.ID == "firewall" && r.Outcome != report.Inconclusive {
			t.Errorf("%+v", r)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestTheGuestsWordIsHeldAgainstWhatWasPromised(t *testing.T) {
	got := FromGuest([]string{"a", "b", "c", "d"}, []report.Check{
		{ID: "b", Outcome: report.Passed, Tried: "x\ny", Found: "\x1b[2Jz", Millis: -5},
		{ID: "c", Outcome: "excellent", Found: "trust me"},
		{ID: "d", Outcome: report.NotApplicable},
		{ID: "other", Outcome: report.Failed},
	}, "it was not reported")
	want := []Result{
		{ID: "a", Side: Guest, Source: "image", Outcome: report.Inconclusive, Found: "it was not reported"},
		{ID: "b", Side: Guest, Source: "image", Outcome: report.Passed, Tried: "x y", Found: "[2Jz"},
		{ID: "c", Side: Guest, Source: "image", Outcome: report.Failed, Found: "trust me"},
		{ID: "d", Side: Guest, Source: "image", Outcome: report.Failed},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseOffer(f *testing.F) {
	o := offer{Kex: []string{"curve25519-sha256"}, MACsIn: []string{"hmac-sha1"}}
	payload := ssh.Marshal(o)
	packet := append([]byte("comment\r\nSSH-2.0-x\r\n\x00\x00\x00"), byte(len(payload)+5), 4)
	packet = append(append(packet, payload...), 0, 0, 0, 0)
	if got, err := parseOffer(packet); err != nil || len(got.weak()) != 1 {
		f.Fatalf("%+v, %v", got, err)
	}
	f.Add(packet)
	f.Add([]byte("SSH-2.0-x\n\xff\xff\xff\xff\xff"))
	f.Add([]byte("SSH-2.0-x\n\x00\x00\x00\x00\x00"))
	f.Fuzz(func(_ *testing.T, head []byte) {
		if o, err := parseOffer(head); err == nil {
			_ = o.weak()
		}
	})
}

// lets opens one file to one user.
func lets(uid int, path string, how uids.Access) func(int, string, uids.Access) bool {
	return func(u int, p string, h uids.Access) bool { return u == uid && p == path && h == how }
}
