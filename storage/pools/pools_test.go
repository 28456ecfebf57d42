package pools

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

func look(t *testing.T, m *machine) Tree {
	t.Helper()
	tree, err := m.looker().Look(t.Context(), "/srv/holm")
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestAnArrayIsSeenDownToItsDrives(t *testing.T) {
	tree := look(t, raid10(t, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync,write_mostly"))
	want := []string{
		"/srv/holm  xfs  " + fsUUID,
		"└─ md0  raid  raid10, 4 of 4  1.0 GiB",
		"   ├─ nvme0n1  drive  nvme  1.0 GiB  QEMU NVMe Ctrl  holm0",
		"   ├─ nvme1n1  drive  nvme  1.0 GiB  QEMU NVMe Ctrl  holm1",
		"   ├─ nvme2n1  drive  nvme  1.0 GiB  QEMU NVMe Ctrl  holm2",
		"   └─ nvme3n1  drive  nvme  1.0 GiB  QEMU NVMe Ctrl  holm3",
	}
	if diff := cmp.Diff(want, tree.Draw()); diff != "" {
		t.Errorf("the drawing (-want +got):\n%s", diff)
	}
	if tree.CapacityBytes != 4096000 || tree.FreeBytes != 1638400 {
		t.Errorf("%d bytes, %d free", tree.CapacityBytes, tree.FreeBytes)
	}
	drive := tree.Drives()[0]
	if drive.Rotational || drive.WriteCache != "write back" || drive.DiscardBytes != 2199023255040 {
		t.Errorf("the drive is %+v", drive)
	}
}

func TestWhatAilsAnArrayIsSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		files            map[string]string
		members          []string
		degraded, broken string
	}{
		"nothing": {members: []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync"}},
		"a drive was pulled": {
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync"},
			degraded: "md0: 1 of 4 members missing",
		},
		"a drive was pulled and the kernel has not noticed": {
			files:    map[string]string{"md/degraded": "0"},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "gone in_sync"},
			degraded: "md0: 1 of 4 members missing",
		},
		"a drive was pulled and the kernel has only just noticed": {
			files:    map[string]string{"md/degraded": "1"},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "gone faulty"},
			degraded: "md0: 1 of 4 members missing",
		},
		"both drives of a mirror were pulled and the kernel has not noticed": {
			files:    map[string]string{"md/degraded": "0", "md/layout": "258", "md/dev-nvme1n1/slot": "1"},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "gone in_sync", "gone2 in_sync"},
			degraded: "md0: 2 of 4 members missing", broken: "md0: both drives of a mirror are gone",
		},
		"one drive of each mirror was pulled": {
			files:    map[string]string{"md/layout": "258", "md/dev-nvme1n1/slot": "3"},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync"},
			degraded: "md0: 2 of 4 members missing",
		},
		"a drive failed and is still there": {
			files:    map[string]string{"md/degraded": "1"},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 faulty"},
			degraded: "md0: 1 of 4 members missing",
		},
		"a drive is being rebuilt": {
			files: map[string]string{
				"md/degraded": "0", "md/sync_action": "recover", "md/sync_completed": "1024 / 4096",
			},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 spare"},
			degraded: "md0 is being rebuilt",
		},
		"a check is no ailment": {
			files:   map[string]string{"md/sync_action": "check", "md/sync_completed": "1 / 2"},
			members: []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync"},
		},
		"both drives of a mirror are gone": {
			files:    map[string]string{"md/array_state": "broken"},
			members:  []string{"nvme0n1 in_sync", "nvme1n1 in_sync"},
			degraded: "md0: 2 of 4 members missing", broken: "md0: the array is broken",
		},
		"an array that says nothing of itself": {
			files:   map[string]string{"md/array_state": ""},
			members: []string{"nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync"},
			broken:  "md0: the array is unknown",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := look(t, raid10(t, tc.files, tc.members...))
			if got := tree.Degraded(); got != tc.degraded {
				t.Errorf("degraded: %q, want %q", got, tc.degraded)
			}
			if got := tree.Broken(); got != tc.broken {
				t.Errorf("broken: %q, want %q", got, tc.broken)
			}
		})
	}
}

// layers builds each stack that people have.
func layers() map[string]func(m *machine) {
	return map[string]func(m *machine){
		"a partition of a hard disk": func(m *machine) {
			m.disk("sda")
			m.mount(m.device("pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1", map[string]string{"partition": "1"}), "ext4", "/dev/sda1")
		},
		"a logical volume on an array": func(m *machine) {
			for n := range 4 {
				m.nvme(n)
			}
			m.array(4, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync")
			m.mount(m.device("virtual/block/dm-0", map[string]string{"dm/uuid": "LVM-x", "slaves/md0/x": ""}), "xfs", "/dev/mapper/vg-holm")
		},
		"a logical volume half on an array and half beside it": func(m *machine) {
			for n := range 5 {
				m.nvme(n)
			}
			m.array(4, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync")
			m.mount(m.device("virtual/block/dm-0", map[string]string{"dm/uuid": "LVM-x", "slaves/md0/x": "", "slaves/nvme4n1/x": ""}), "xfs", "/dev/mapper/vg-holm")
		},
		"an encrypted drive": func(m *machine) {
			m.nvme(0)
			m.mount(m.device("virtual/block/dm-0", map[string]string{"dm/uuid": "CRYPT-LUKS2-x", "slaves/nvme0n1/x": ""}), "ext4", "/dev/mapper/c")
		},
		"a btrfs on four drives": func(m *machine) {
			for n := range 4 {
				m.nvme(n)
				m.file("/sys/fs/btrfs/"+fsUUID+"/devices/nvme"+string(rune('0'+n))+"n1/x", "")
			}
			m.file("/sys/fs/btrfs/features/raid1c34", "0")
			m.file("/sys/fs/btrfs/"+fsUUID+"/allocation/data/raid10/used_bytes", "1")
			m.file("/sys/fs/btrfs/"+fsUUID+"/devinfo/1/missing", "0")
			m.mount("0:33", "btrfs", "/dev/nvme2n1")
		},
		"a file that plays a drive": func(m *machine) {
			m.mount(m.device("virtual/block/loop0", map[string]string{"loop/backing_file": "/tmp/disk", "queue/rotational": "0"}), "ext4", "/dev/loop0")
		},
		"a drive at the other end of a network": func(m *machine) {
			m.mount(m.device("virtual/nvme-fabrics/nvme0/nvme0n1", map[string]string{"queue/rotational": "0", "device/transport": "tcp"}), "ext4", "/dev/nvme0n1")
		},
	}
}

func TestRequirementsAreHeldAgainstEveryWayDown(t *testing.T) {
	want := map[string][]string{
		"a partition of a hard disk": {
			"nvme is required: sda is sata", "raid10 is required: sda is in no such array",
			"ssd is required: sda rotates, or does not say that it does not",
		},
		"a logical volume on an array":                         nil,
		"a logical volume half on an array and half beside it": {"raid10 is required: nvme4n1 is in no such array"},
		"an encrypted drive":                                   {"raid10 is required: nvme0n1 is in no such array"},
		"a btrfs on four drives":                               nil,
		"a file that plays a drive": {
			"nvme is required: loop0 is loop", "raid10 is required: loop0 is in no such array",
			"ssd is required: loop0 rotates, or does not say that it does not",
		},
		"a drive at the other end of a network": {"nvme is required: nvme0n1 is nvme over tcp", "raid10 is required: nvme0n1 is in no such array"},
	}
	required, err := ParseRequirements("ssd, raid10,nvme,nvme,")
	if err != nil {
		t.Fatal(err)
	}
	for name, build := range layers() {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			build(m)
			if diff := cmp.Diff(want[name], look(t, m).Shortfalls(required)); diff != "" {
				t.Errorf("shortfalls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABtrfsWithoutOneOfItsDrivesIsDegraded(t *testing.T) {
	m := newMachine(t)
	layers()["a btrfs on four drives"](m)
	m.file("/sys/fs/btrfs/"+fsUUID+"/devinfo/4/missing", "1")
	m.file("/sys/fs/btrfs/"+fsUUID+"/allocation/data/single/used_bytes", "1")
	tree := look(t, m)
	if why := tree.Degraded(); !strings.Contains(why, "1 of 5 members missing") {
		t.Errorf("degraded: %q", why)
	}
	if short := tree.Shortfalls([]Requirement{RequireRaid10}); len(short) != 1 {
		t.Errorf("with a chunk that is single it still meets raid10: %q", short)
	}
	if tree.FSUUID != fsUUID {
		t.Errorf("UUID %q", tree.FSUUID)
	}
}

func TestWhatIsNoFileSystemOnDrivesIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		path, fstype, number string
		kind                 fault.Kind
		says                 string
	}{
		"a network's":          {"/srv/holm", "nfs4", "0:50", fault.Unfit, "nfs4"},
		"FUSE":                 {"/srv/holm", "fuse.sshfs", "0:51", fault.Unfit, "fuse.sshfs"},
		"FUSE on a drive":      {"/srv/holm", "fuseblk", "259:1", fault.Unfit, "fuseblk"},
		"memory":               {"/srv/holm", "tmpfs", "0:52", fault.Unfit, "tmpfs"},
		"a folder":             {"/srv/holm/sub", "xfs", "259:1", fault.Usage, "not a mount point"},
		"a relative path":      {"srv/holm", "xfs", "259:1", fault.Usage, "srv/holm"},
		"a path that climbs":   {"/srv/x/../holm", "xfs", "259:1", fault.Usage, "/srv/x/../holm"},
		"nothing known of it":  {"/srv/holm", "xfs", "259:77", fault.Unfit, "does not say"},
		"a btrfs that is none": {"/srv/holm", "btrfs", "0:53", fault.Unfit, "does not say"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.nvme(0)
			m.file("/sys/fs/btrfs/features/x", "")
			m.mount(tc.number, tc.fstype, "server:/export")
			_, err := m.looker().Look(t.Context(), tc.path)
			if fault.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %v (%d), want one of kind %d that says %q", err, fault.KindOf(err), tc.kind, tc.says)
			}
		})
	}
}

func TestSysfsIsNotBelievedEverything(t *testing.T) {
	for name, spoil := range map[string]func(m *machine){
		"an array that lies on itself": func(m *machine) {
			m.mount(m.array(1, nil, "md0 in_sync"), "xfs", "/dev/md0")
		},
		"a mapping on nothing": func(m *machine) {
			m.mount(m.device("virtual/block/dm-0", map[string]string{"dm/uuid": "LVM-x"}), "xfs", "/dev/mapper/x")
		},
		"a member that is not there": func(m *machine) {
			m.mount(m.array(2, nil, "nvme9n1 in_sync"), "xfs", "/dev/md0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			spoil(m)
			if tree, err := m.looker().Look(t.Context(), "/srv/holm"); fault.KindOf(err) != fault.Unfit {
				t.Errorf("got %+v, %v, want it unfit", tree, err)
			}
		})
	}
	m := newMachine(t)
	m.mount(m.device("pci0000:00/nvme/nvme0/nvme0n1", map[string]string{
		"size": "99999999999999999999999", "device/model": "\x1b[2J\x00" + strings.Repeat("long ", 100), "queue/rotational": "0",
	}), "xfs", "/dev/nvme0n1")
	tree := look(t, m)
	for _, line := range tree.Draw() {
		if len([]rune(line)) > drawWidth || strings.ContainsAny(line, "\x1b\x00") {
			t.Errorf("drawn as %q", line)
		}
	}
	if tree.Top.SizeBytes != 0 {
		t.Errorf("a size of %d bytes was believed", tree.Top.SizeBytes)
	}
}

func TestAFileSystemThatDoesNotAnswerIsUnfit(t *testing.T) {
	m := raid10(t, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync")
	l := m.looker()
	l.Statfs = func(string, *unix.Statfs_t) error { return unix.EIO }
	if _, err := l.Look(t.Context(), "/srv/holm"); fault.KindOf(err) != fault.Unfit || !errors.Is(err, unix.EIO) {
		t.Errorf("error is %v", err)
	}
}

func TestRequirementsThatThereAreNotAreRefused(t *testing.T) {
	_, err := ParseRequirements("nvme,raid11")
	if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), `"raid11"`) || !strings.Contains(fault.RemedyOf(err), "raid10") {
		t.Errorf("error is %v, remedy %q", err, fault.RemedyOf(err))
	}
}

// Whatever machine this is, it has a root file system, and either drives under it or a reason.
func TestThisMachineIsSeen(t *testing.T) {
	tree, err := Looker{}.Look(t.Context(), "/")
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.Unfit && kind != fault.Usage {
			t.Errorf("kind %d: %v", kind, err)
		}
		t.Logf("refused: %v", err)
		return
	}
	if len(tree.Drives()) == 0 || tree.CapacityBytes == 0 {
		t.Errorf("it has no drives, or no size: %+v", tree)
	}
	t.Log("\n" + strings.Join(tree.Draw(), "\n"))
}

func FuzzFraction(f *testing.F) {
	for _, seed := range []string{"none", "1024 / 4096", "5 / 0", "9 / 3", "-1 / 2", "18446744073709551615 / 18446744073709551615"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := fraction(text); got < 0 || got > 1 {
			t.Errorf("%q is %v", text, got)
		}
	})
}
