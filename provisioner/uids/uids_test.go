package uids

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

func TestRangesAreReadOrRefused(t *testing.T) {
	r, err := ParseRange(Default)
	if err != nil || r.String() != Default || r.Last-r.First+1 != 65536 {
		t.Fatalf("got %v, %v", r, err)
	}
	for _, bad := range []string{
		"", "-", "2000000000", "2000000000-", "2000000015-2000000000", "2000000000-2000000001", "0-100000", "1000-2000",
		"65535-70000", "2000000000-2147483647", "2000000000-4294967295", "2000000000-99999999999999999999", "2000000000--1", "+2000000000-2000065535",
	} {
		if _, err := ParseRange(bad); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestARangeThatSomebodyElseUsesIsRefused(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\n# 100000:x:100000\n+::::::\nalice:x:100007:1000::/home/alice:/bin/sh\n"
	for _, tc := range []struct{ name, rest, file, text, says string }{
		{"an account", "100000-100099", "passwd", passwd, `/etc/passwd, "alice" has 100007`},
		{"a group", "100000-100099", "group", "staff:x:100099:\n", `/etc/group, "staff" has 100099`},
		{"subordinate users", "100000-100099", "subuid", "bob:65536:34465\n", `/etc/subuid, "bob" has 65536-100000`},
		{"subordinate groups", "100000-100099", "subgid", "bob:100099:65536\n", `/etc/subgid, "bob" has 100099-165634`},
		{"none of these", "100100-100199", "passwd", passwd, ""},
		{"a range of nothing", "100000-100099", "subuid", "bob:100000:0\n", ""},
	} {
		others, err := Others(fstest.MapFS{tc.file: {Data: []byte(tc.text)}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRange(tc.rest)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Clash(others)
		if tc.says == "" && err == nil {
			continue
		}
		if fault.KindOf(err) != fault.Refused || tc.says == "" || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
	if _, err := Others(fstest.MapFS{"subuid": {Data: []byte("bob:many:65536\n")}}); err == nil {
		t.Error("a file that makes no sense was taken for one that is empty")
	}
}

func TestEachChoiceIsAnotherUntilThereIsNone(t *testing.T) {
	r := Range{100000, 100015}
	var given []int
	seen := map[int]bool{}
	for range 16 {
		uid, err := r.Choose("/var/lib/holm", given)
		if err != nil || seen[uid] || uid < r.First || uid > r.Last {
			t.Fatalf("got %d after %v, %v", uid, given, err)
		}
		seen[uid], given = true, append(given, uid)
	}
	_, err := r.Choose("/var/lib/holm", given)
	if fault.KindOf(err) != fault.Refused || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "all 16 users of 100000-100015") {
		t.Errorf("got %v", err)
	}
	wide, _ := ParseRange(Default)
	one, _ := wide.Choose("/var/lib/holm", nil)
	two, _ := wide.Choose("/var/lib/holm-b", nil)
	if one == two {
		t.Errorf("two state directories begin with %d", one)
	}
}

func TestAListOfAccessIsTheKernels(t *testing.T) {
	l := minimal(0o660).with(5001).with(5000).with(5001)
	want := acl{{tagOwner, 6, noID}, {tagUser, 6, 5000}, {tagUser, 6, 5001}, {tagGroup, 6, noID}, {tagMask, 6, noID}, {tagOther, 0, noID}}
	parsed, err := parseACL(l.bytes())
	if err != nil || string(parsed.bytes()) != string(want.bytes()) {
		t.Errorf("got %v, %v", parsed, err)
	}
	if got := l.without(5000); len(got) != len(want)-1 || got[1].ID != 5001 {
		t.Errorf("without one user: %v", got)
	}
	for _, bad := range [][]byte{nil, {2, 0, 0}, {3, 0, 0, 0}, {2, 0, 0, 0, 1}} {
		if _, err := parseACL(bad); err == nil {
			t.Errorf("%v is taken for a list", bad)
		}
	}
}

// How often two changes meet is luck: that nobody can begin one during another is not.
func TestAListIsChangedByOneAtATime(t *testing.T) {
	device := filepath.Join(t.TempDir(), "kvm")
	write(t, device, 0o660)
	err := changeACL(device, func(l acl) acl {
		other, err := os.Open(filepath.Dir(device))
		if err != nil {
			t.Error(err)
			return l
		}
		defer func() { _ = other.Close() }()
		if err := unix.Flock(int(other.Fd()), unix.LOCK_SH|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
			t.Errorf("another one gets in meanwhile: %v", err)
		}
		return l
	})
	if err != nil {
		t.Error(err)
	}
}

// asRoot is for what only root can do. It says what is left out.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out: only root can become another user")
	}
}

// open is a folder that everybody may pass through.
func open(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o711), os.Chmod(dir, 0o711)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("secret"), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestAFileBelongsToOneUserAlone(t *testing.T) {
	asRoot(t)
	const mine, other = 2000000001, 2000000002
	dir := open(t)
	file := filepath.Join(dir, "state.qcow2")
	write(t, file, 0o644)
	for range 2 {
		if err := (System{}).Own(file, mine); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(Try(mine, file, Read), Try(mine, file, Write)); err != nil {
		t.Errorf("its owner: %v", err)
	}
	for _, how := range []Access{Read, Write} {
		if err := Try(other, file, how); !errors.Is(err, unix.EACCES) {
			t.Errorf("somebody else: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "root"), nil, 0o600); err != nil {
		t.Errorf("this process has become somebody: %v", err)
	}

	socket := filepath.Join(dir, "monitor.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test ends
	if err := errors.Join(os.Chmod(socket, 0o700), os.Chown(socket, mine, mine)); err != nil {
		t.Fatal(err)
	}
	if err := Try(other, socket, Connect); !errors.Is(err, unix.EACCES) {
		t.Errorf("somebody else at the socket: %v", err)
	}
	if err := Try(mine, socket, Connect); err != nil {
		t.Errorf("its owner at the socket: %v", err)
	}
}

func TestAFileThatItsUserCannotGetToIsUnfit(t *testing.T) {
	asRoot(t)
	dir := open(t)
	file := filepath.Join(dir, "srv", "holm", "state.qcow2")
	write(t, file, 0o600)
	if err := os.Chmod(filepath.Join(dir, "srv"), 0o750); err != nil {
		t.Fatal(err)
	}
	err := (System{}).Own(file, 2000000001)
	if fault.KindOf(err) != fault.Unfit || !strings.Contains(err.Error(), "cannot pass through "+filepath.Join(dir, "srv")+" to its state.qcow2") {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "srv"), 0o711), (System{}).Own(file, 2000000001)); err != nil {
		t.Error(err)
	}
}

// A logical volume is reached by a name that leads to its device.
func TestADeviceIsGivenByTheNameOfItsVolume(t *testing.T) {
	asRoot(t)
	const mine, other = 2000000001, 2000000002
	dir := open(t)
	device, name := filepath.Join(dir, "dm-3"), filepath.Join(dir, "holm-0123456789ab")
	if err := errors.Join(unix.Mknod(device, unix.S_IFBLK|0o660, int(unix.Mkdev(1<<10, 1))), os.Symlink(device, name)); err != nil {
		t.Fatal(err)
	}
	if err := (System{}).Own(name, mine); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(device, &st); err != nil || st.Uid != mine || st.Gid != mine || st.Mode&0o777 != 0o600 {
		t.Errorf("the device is %d:%d's, mode %o, %v", st.Uid, st.Gid, st.Mode, err)
	}
	if err := Try(other, name, Read); !errors.Is(err, unix.EACCES) {
		t.Errorf("somebody else: %v", err)
	}
	if err := Try(mine, name, Read); errors.Is(err, unix.EACCES) { // there is no such device
		t.Errorf("its owner: %v", err)
	}
}

func TestWhatMayBeSomebodyElsesIsNotGivenAway(t *testing.T) {
	asRoot(t)
	dir := open(t)
	file, link, second := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "second")
	write(t, file, 0o600)
	if err := errors.Join(os.Symlink(file, link), os.Mkdir(filepath.Join(dir, "folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, filepath.Join(dir, "folder"), filepath.Join(dir, "none")} {
		if err := (System{}).Own(path, 2000000001); err == nil {
			t.Errorf("%s was given away", path)
		}
	}
	if err := os.Link(file, second); err != nil {
		t.Fatal(err)
	}
	if err := (System{}).Own(file, 2000000001); err == nil {
		t.Error("a file with a second name was given away")
	}
	if err := Try(2000000001, file, Read); !errors.Is(err, unix.EACCES) {
		t.Errorf("it can be read: %v", err)
	}
}

func TestAUserIsLetAtWhatQEMUNeeds(t *testing.T) {
	asRoot(t)
	const mine, other = 2000000001, 2000000002
	root := open(t)
	s := System{Root: root}
	if err := s.Let(mine, false); err != nil {
		t.Errorf("on a host without libvirt's folder: %v", err)
	}
	key, kvm := s.path(libvirtDir+"/domain-1/key"), s.path(kvmDevice)
	write(t, key, 0o644)
	write(t, kvm, 0o660)
	if err := errors.Join(os.Chmod(s.path(libvirtDir), 0o750), os.Chmod(s.path("/var/lib"), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{key, kvm} {
		if err := Try(mine, path, Read); !errors.Is(err, unix.EACCES) {
			t.Fatalf("%s, before: %v", path, err)
		}
	}
	for range 2 {
		if err := s.Let(mine, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(Try(mine, key, Read), Try(mine, kvm, Write)); err != nil {
		t.Error(err)
	}
	if err := Try(mine, s.path(libvirtDir), Read); !errors.Is(err, unix.EACCES) {
		t.Errorf("libvirt's folder can be listed: %v", err)
	}
	if err := Try(other, kvm, Write); !errors.Is(err, unix.EACCES) {
		t.Errorf("a user whom nobody has let: %v", err)
	}
	if err := errors.Join(s.Unlet(mine), s.Unlet(mine)); err != nil {
		t.Fatal(err)
	}
	if err := Try(mine, kvm, Write); !errors.Is(err, unix.EACCES) {
		t.Errorf("after it was taken back: %v", err)
	}
	if err := (System{Root: filepath.Join(root, "none")}).Unlet(mine); err != nil {
		t.Errorf("where there is no device: %v", err)
	}
}

// After a reboot of the host, as many starts as it has CPUs let their users at the device at the same time.
func TestUsersWhoAreLetAtTheSameTimeAreAllLet(t *testing.T) {
	asRoot(t)
	const users = 8
	device := filepath.Join(open(t), "kvm")
	write(t, device, 0o660)
	for round := range 40 {
		var wg sync.WaitGroup
		for i := range users {
			wg.Go(func() {
				if err := letAt(device, 2000000001+round*users+i); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range users {
			if err := Try(2000000001+round*users+i, device, Write); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		if err := unix.Removexattr(device, aclName); err != nil {
			t.Fatal(err)
		}
	}
}
