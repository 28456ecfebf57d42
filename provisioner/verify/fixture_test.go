package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"holm/guest/report"
	"holm/images"
	"holm/provisioner/machine"
	"holm/provisioner/network"
	"holm/provisioner/uids"
)

const uuid = "d926f46f-7dd2-4dbe-b2d9-902e110474b8"

// bench is a host with one instance that keeps every promise; a test breaks one of them.
type bench struct {
	t       *testing.T
	dir     string
	env     Env
	subject Subject
	server  *sshServer
	opens   func(uid int, path string, how uids.Access) bool // besides what the owner may
	bait    func(ctx context.Context) (net.Conn, error)
}

// status is what the kernel says of a thread of a QEMU that is confined.
const status = `Name:	qemu-system-x86
Uid:	2000000001	2000000001	2000000001	2000000001
Gid:	2000000001	2000000001	2000000001	2000000001
Groups:	2000000001 
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	000001ffffffffff
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
`

const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             16384                16384                processes
Max open files            4096                 4096                 files
`

const cgroup = `4:memory:/machine/qemu-7-holm.acme.web.libvirt-qemu
2:cpu,cpuacct:/machine/qemu-7-holm.acme.web.libvirt-qemu/emulator
1:name=systemd:/
0::/machine/qemu-7-holm.acme.web.libvirt-qemu/emulator
`

// filter is what ebtables lists for a guest whose filter is in place, and for a neighbour.
const filter = `Bridge table: nat

Bridge chain: PREROUTING, entries: 2, policy: ACCEPT
-i vnet7 -j libvirt-I-vnet7
-i vnet77 -j libvirt-I-vnet77

Bridge chain: I-vnet7-ipv4-ip, entries: 3, policy: RETURN
-p IPv4 --ip-src 0.0.0.0 --ip-proto udp -j RETURN 
-p IPv4 --ip-src 10.77.0.10 -j RETURN 
-j DROP 

Bridge chain: I-vnet7-mac, entries: 2, policy: RETURN
-s 52:54:00:ab:72:df -j RETURN 
-j DROP 

Bridge chain: I-vnet7-arp-ip, entries: 2, policy: RETURN
-p ARP --arp-ip-src 10.77.0.10 -j RETURN 
-j DROP 

Bridge chain: libvirt-I-vnet7, entries: 5, policy: RETURN
-j I-vnet7-mac
-p IPv4 -j I-vnet7-ipv4-ip
-p IPv4 -j ACCEPT 
-p ARP -j I-vnet7-arp-ip
-p IPv6 --ip6-src fd00:77:0:0::a -j ACCEPT
-p IPv6 --ip6-src fe80::5054:ff:feab:72df -j ACCEPT
-j DROP 

Bridge chain: libvirt-I-vnet77, entries: 1, policy: RETURN
-s 52:54:00:00:00:77 -p IPv4 --ip-src 10.77.0.77 -j ACCEPT 
`

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), server: newServer(t)}
	for file, content := range map[string]string{
		"run/holm.acme.web.pid": "4711\n",
		"proc/4711/cmdline":     "/usr/bin/qemu-system-x86_64\x00-uuid\x00" + uuid + "\x00-S\x00",
		"image/vmlinuz":         "kernel", "image/initrd": "initrd",
		"sys/module/apparmor/parameters/enabled": "Y\n",
		"key":                                    string(b.server.clientKey),
		"state.qcow2":                            "", "console.log": "", "image/root.img": "", "proc/4711/mem": "",
		"libvirt/domain-7-holm.acme.web/monitor.sock": "",
		// A power cut leaves the folders of domains, and their numbers are given again.
		"libvirt/domain-7-holm.acme.dead/monitor.sock": "",
	} {
		b.write(file, content)
	}
	for _, id := range []string{"4711", "4712"} {
		b.write("proc/4711/task/"+id+"/status", status)
		b.write("proc/4711/task/"+id+"/cgroup", cgroup)
		b.write("proc/4711/task/"+id+"/attr/current", "libvirt-"+uuid+" (enforce)\n")
	}
	b.write("proc/4711/limits", limits)
	b.link("proc/4711/exe", "/usr/bin/qemu-system-x86_64")
	b.link("proc/4711/fd/3", "anon_inode:kvm-vm")
	b.write("sys/class/net/vnet7/brport/isolated", "1\n")
	b.link("sys/class/net/vnet7/master", "../holm0")
	b.env = Env{Proc: b.path("proc"), Sys: b.path("sys"), PIDs: b.path("run"), Dial: b.dial, Libvirt: b.path("libvirt"), Try: b.try}
	b.env.Frames = func(context.Context) ([]byte, error) { return []byte(filter), nil }
	b.bait = func(context.Context) (net.Conn, error) { // as a packet filter that drops, without the waiting
		return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	}
	b.subject = b.newSubject()
	return b
}

func (b *bench) newSubject() Subject {
	want := machine.Spec{
		Name: "holm.acme.web", UUID: uuid, InstanceID: "75341dfc9bb3", Tenant: "acme", UID: 2000000001, Accel: machine.KVM, Machine: "pc-q35-7.2",
		VCPUs: 2, MemoryMiB: 1024, Kernel: b.path("image/vmlinuz"), Initrd: b.path("image/initrd"), Cmdline: "quiet",
		RootDisk: b.path("image/root.img"), StateDisk: machine.Disk{Path: b.path("state.qcow2"), Format: machine.Qcow2}, Network: "holm-default", Filter: "holm-guard", MAC: "52:54:00:ab:72:df",
		Address: netip.MustParseAddr("10.77.0.10"), Address6: netip.MustParseAddr("fd00:77::a"), ConsoleLog: b.path("console.log"),
	}
	answer := NewAnswer()
	now := time.Now()
	answer.Tell(Said{Report: report.Report{Stage: report.StageChecking, Bait: 40001, Kernel: "6.12", BootID: "b-1", Clock: now}, Asked: now, Heard: now})
	return Subject{
		Profile: "docker", User: "ops", Address: want.Address.String(), HostKey: b.server.hostKey, KeyPath: b.path("key"), Wanted: want,
		Live: live(b.t, want), SeedPath: b.path("seed.iso"), Boots: map[string]string{"b-2": "acme/other"}, Guest: answer,
		Walls: func(context.Context) (network.Walls, error) {
			return network.Walls{Bridge: "holm0", Lines: 9, Digest: "ab"}, nil
		},
		Image: images.Manifest{
			Kernel: images.File{SHA256: sum("kernel")}, Initrd: images.File{SHA256: sum("initrd")}, KernelVersion: "6.12",
		},
	}
}

// live is what libvirt would say of a machine that runs.
func live(t *testing.T, want machine.Spec) string {
	t.Helper()
	text, err := machine.Domain(want)
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "<domain ", `<domain id="7" `, 1)
	text = strings.Replace(text, `<source network="holm-default">`, `<source network="holm-default" bridge="holm0">`, 1)
	text = strings.Replace(text, "<model type=\"virtio\"></model>", "<target dev=\"vnet7\"></target><model type=\"virtio\"></model>", 1)
	return strings.Replace(text, "<devices>", "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>", 1)
}

// frames changes what ebtables lists.
func (b *bench) frames(old, now string) {
	b.t.Helper()
	if !strings.Contains(filter, old) {
		b.t.Fatalf("%q is not in the filter", old)
	}
	b.env.Frames = func(context.Context) ([]byte, error) { return []byte(strings.ReplaceAll(filter, old, now)), nil }
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// try is the kernel's word: the volume is its owner's, and the rest root's.
func (b *bench) try(uid int, path string, how uids.Access) error {
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	if path == b.path("state.qcow2") && uid == 2000000001 || b.opens != nil && b.opens(uid, path, how) {
		return nil
	}
	return &os.PathError{Op: "open", Path: path, Err: unix.EACCES}
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) write(name, content string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.path(name), []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) link(name, target string) {
	b.t.Helper()
	b.remove(name)
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Symlink(target, b.path(name)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) remove(name string) {
	b.t.Helper()
	if err := os.RemoveAll(b.path(name)); err != nil {
		b.t.Fatal(err)
	}
}

// thread changes what the kernel says of the second thread.
func (b *bench) thread(old, now string) {
	b.t.Helper()
	if !strings.Contains(status, old) {
		b.t.Fatalf("%q is not in the status", old)
	}
	b.write("proc/4711/task/4712/status", strings.Replace(status, old, now, 1))
}

func (b *bench) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address == net.JoinHostPort(b.subject.Address, "22") {
		return b.server.dial(ctx, network)
	}
	return b.bait(ctx)
}

// find runs one check.
func (b *bench) find(id string) Result {
	b.t.Helper()
	for _, r := range rules() {
		if r.id == id {
			return b.env.try(b.t.Context(), b.subject, []rule{r})[0]
		}
	}
	b.t.Fatalf("there is no check %s", id)
	return Result{}
}

// sshServer is an SSH server of one user, which a test can make worse.
type sshServer struct {
	listener  net.Listener
	hostKey   string
	clientKey []byte
	root      bool // lets root in
	password  bool // asks for passwords
	open      bool // asks for nothing
	shut      bool // does not listen
	old       ssh.Config
	host      ssh.Signer
	client    ssh.PublicKey
}

func newServer(t *testing.T) *sshServer {
	t.Helper()
	s := &sshServer{old: ssh.Config{
		KeyExchanges: []string{ssh.KeyExchangeCurve25519}, Ciphers: []string{ssh.CipherAES128GCM}, MACs: []string{ssh.HMACSHA256ETM},
	}}
	s.host, _ = newKey(t)
	client, private := newKey(t)
	s.client, s.clientKey = client.PublicKey(), private
	s.hostKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.host.PublicKey())))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener = listener
	t.Cleanup(func() { _ = listener.Close() })
	return s
}

func newKey(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	private := newPrivate(t)
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

// config is how the server is set up now.
func (s *sshServer) config() *ssh.ServerConfig {
	client, root := string(s.client.Marshal()), s.root
	config := &ssh.ServerConfig{Config: s.old, NoClientAuth: s.open, PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) == client && (c.User() == "ops" || root) {
			return nil, nil
		}
		return nil, errRefused
	}}
	if s.password {
		config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, errRefused }
	}
	config.AddHostKey(s.host)
	return config
}

func (s *sshServer) serve(conn net.Conn, config *ssh.ServerConfig) {
	c, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		_ = conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	for range channels {
	}
	_ = c.Close()
}

func (s *sshServer) dial(ctx context.Context, network string) (net.Conn, error) {
	if s.shut {
		return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, s.listener.Addr().String())
	if err != nil {
		return nil, err
	}
	// Accepted here, and not by a loop of its own, so that it serves as it was set up before somebody dialled.
	accepted, err := s.listener.Accept()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	go s.serve(accepted, s.config())
	return conn, nil
}
