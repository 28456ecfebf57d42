package arrays

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

func TestDrivesThatHoldAnythingAndPlacesThatAreTakenAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(m *machine)
		ask     func(s *Spec)
		kind    fault.Kind
		says    string
	}{
		"a kind nobody makes":        {ask: func(s *Spec) { s.Level = "raid0" }, kind: fault.Usage, says: `"raid0"`},
		"a file system nobody makes": {ask: func(s *Spec) { s.FS = "ntfs" }, kind: fault.Usage, says: `"ntfs"`},
		"a name like an option":      {ask: func(s *Spec) { s.Name = "-rf" }, kind: fault.Usage, says: "is not allowed"},
		"a name with a line in it":   {ask: func(s *Spec) { s.Name = "a\nARRAY" }, kind: fault.Usage, says: "is not allowed"},
		"three drives":               {ask: func(s *Spec) { s.Drives = s.Drives[:3] }, kind: fault.Usage, says: "cannot be made of 3"},
		"the root":                   {ask: func(s *Spec) { s.Mount = "/" }, kind: fault.Usage, says: "no place to mount"},
		"a place with a blank":       {ask: func(s *Spec) { s.Mount = "/srv/a b" }, kind: fault.Usage, says: "no place to mount"},
		"a drive by its name alone":  {ask: func(s *Spec) { s.Drives[0] = "nvme0n1" }, kind: fault.Usage, says: "is not the path of a drive"},
		"a path with detours":        {ask: func(s *Spec) { s.Drives[0] = "/dev/../etc/passwd" }, kind: fault.Usage, says: "is not the path of a drive"},
		"a drive that is not there":  {ask: func(s *Spec) { s.Drives[0] = "/dev/nvme9n1" }, kind: fault.NotFound, says: "there is no drive /dev/nvme9n1"},
		"no drive at all": {
			prepare: func(m *machine) { m.file("/dev/null", "") },
			ask:     func(s *Spec) { s.Drives[0] = "/dev/null" }, kind: fault.Usage, says: "/dev/null is not a drive",
		},
		"the same drive twice, once by a link": {
			prepare: func(m *machine) {
				m.dir("/dev/disk")
				if err := os.Symlink("../nvme1n1", m.path("/dev/disk/one")); err != nil {
					m.t.Fatal(err)
				}
			},
			ask: func(s *Spec) { s.Drives[0] = "/dev/disk/one" }, kind: fault.Usage, says: "named twice",
		},
		"a partition":          {prepare: func(m *machine) { m.file("/sys/class/block/nvme0n1/partition", "1") }, kind: fault.Refused, says: "it is a partition"},
		"a partitioned drive":  {prepare: func(m *machine) { m.file("/sys/class/block/nvme0n1/nvme0n1p1/partition", "1") }, kind: fault.Refused, says: "it has the partition nvme0n1p1"},
		"an array":             {prepare: func(m *machine) { m.dir("/sys/class/block/nvme0n1/md") }, kind: fault.Refused, says: "it is made of drives itself"},
		"a member of an array": {prepare: func(m *machine) { m.dir("/sys/class/block/nvme0n1/holders/md0") }, kind: fault.Refused, says: "it is a part of md0"},
		"a drive with swap":    {prepare: func(m *machine) { m.file("/proc/swaps", "Filename\n/dev/nvme0n1 partition 1\n") }, kind: fault.Refused, says: "swaps to it"},
		"a mounted drive": {
			prepare: func(m *machine) {
				m.file("/proc/self/mountinfo", "36 1 259:0 / /home rw - ext4 /dev/nvme0n1 rw\n")
			},
			kind: fault.Refused, says: "it is mounted at /home",
		},
		"a drive with a signature": {
			prepare: func(m *machine) {
				m.wipefs["/dev/nvme2n1"] = `{"signatures":[{"device":"nvme2n1","offset":"0x0","type":"crypto_LUKS","uuid":"1","label":null}]}`
			},
			kind: fault.Refused, says: `/dev/nvme2n1 holds a signature of "crypto_LUKS"`,
		},
		"a drive with something unknown at its start": {
			prepare: func(m *machine) { m.file("/dev/nvme1n1", "\x00\x00secret") },
			kind:    fault.Refused, says: "/dev/nvme1n1 holds something that is not known",
		},
		"an answer that is none": {
			prepare: func(m *machine) { m.wipefs["/dev/nvme0n1"] = "usage: wipefs" }, kind: fault.Unfit, says: "cannot tell whether /dev/nvme0n1 holds anything",
		},
		"a smaller drive among them": {prepare: func(m *machine) { m.drive("nvme3n1", 3, 4<<20) }, kind: fault.Usage, says: "would be lost"},
		"a drive without a size":     {prepare: func(m *machine) { m.file("/sys/class/block/nvme3n1/size", "none") }, kind: fault.Unfit, says: "how large nvme3n1 is"},
		"a name that is taken":       {prepare: func(m *machine) { m.file("/dev/md/fast", "") }, kind: fault.Exists, says: "there is an array /dev/md/fast already"},
		"a name that mdadm was told of": {
			prepare: func(m *machine) { m.file("/etc/mdadm/mdadm.conf", "# old\nARRAY  /dev/md/fast UUID=1\n") },
			kind:    fault.Exists, says: "/etc/mdadm/mdadm.conf names an array /dev/md/fast already",
		},
		"a place with a unit":       {prepare: func(m *machine) { m.file("/etc/systemd/system/srv-holm.mount", "") }, kind: fault.Exists, says: "systemd has a unit"},
		"a place that is not empty": {prepare: func(m *machine) { m.file("/srv/holm/x", "") }, kind: fault.Refused, says: "/srv/holm is not empty"},
		"a place that is a file":    {prepare: func(m *machine) { m.file("/srv/holm", "") }, kind: fault.Usage, says: "nothing can be mounted at /srv/holm"},
		"a place that is mounted": {
			prepare: func(m *machine) {
				m.dir("/srv/holm")
				m.file("/proc/self/mountinfo", "36 1 8:1 / /srv/holm rw - ext4 /dev/sda1 rw\n")
			},
			kind: fault.Exists, says: "something is mounted at /srv/holm already",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, s := newMachine(t), fast()
			if c.prepare != nil {
				c.prepare(m)
			}
			if c.ask != nil {
				c.ask(&s)
			}
			before := m.inventory()
			_, err := m.builder().Plan(t.Context(), s)
			if fault.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.says) || strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("got %v (kind %d), want kind %d and %q", err, fault.KindOf(err), c.kind, c.says)
			}
			if len(m.ran) > 0 {
				t.Errorf("run was %q", m.ran)
			}
			if diff := cmp.Diff(before, m.inventory()); diff != "" {
				t.Errorf("something changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAPlanSaysEachCommandThatWillBeRun(t *testing.T) {
	m := newMachine(t)
	p, err := m.builder().Plan(t.Context(), fast())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"all of /dev/nvme0n1  0.0 GiB  QEMU NVMe Ctrl  S0", "all of /dev/nvme1n1  0.0 GiB  QEMU NVMe Ctrl  S1",
		"all of /dev/nvme2n1  0.0 GiB  QEMU NVMe Ctrl  S2", "all of /dev/nvme3n1  0.0 GiB  QEMU NVMe Ctrl  S3",
		"mdadm --create /dev/md/fast --run --quiet --metadata=1.2 --bitmap=internal --homehost=any --name=fast --level=10 --raid-devices=4 " +
			"/dev/nvme0n1 /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1",
		"mkfs.xfs -q -m reflink=1 /dev/md/fast", "a line for the array in /etc/mdadm/mdadm.conf", "mount it at /srv/holm, now and at each boot",
	}
	if diff := cmp.Diff(want, p.Lines()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var said []string
	if err := m.builder().Make(t.Context(), p, func(step string) { said = append(said, step) }); err != nil {
		t.Fatal(err)
	}
	for _, command := range want[4:6] {
		if !strings.Contains(strings.Join(m.ran, "\n"), command) {
			t.Errorf("it was not run as it was said: %s\n%q", command, m.ran)
		}
	}
	if diff := cmp.Diff([]string{"make raid10 of 4 drives", "make xfs on it", "tell mdadm of it", "mount it at /srv/holm"}, said); diff != "" {
		t.Error(diff)
	}
	all := strings.Join(m.inventory(), "\n")
	for _, line := range []string{
		"/etc/mdadm/mdadm.conf HOMEHOST <system>\nARRAY /dev/md/fast metadata=1.2 UUID=0f0f0f0f:1a1a1a1a:2b2b2b2b:3c3c3c3c",
		"What=/dev/disk/by-uuid/6ba7b810-9dad-11d1-80b4-00c04fd430c8",
	} {
		if !strings.Contains(all, line) {
			t.Errorf("%q is not in\n%s", line, all)
		}
	}
}

func TestAnArrayThatCannotBeMadeLeavesTheDrivesAsTheyWere(t *testing.T) {
	for _, command := range []string{
		"mdadm --create", "mdadm --detail", "mkfs.xfs", "blkid", "systemctl daemon-reload", "systemctl --quiet enable",
	} {
		t.Run(command, func(t *testing.T) {
			m := newMachine(t)
			p, err := m.builder().Plan(t.Context(), fast())
			if err != nil {
				t.Fatal(err)
			}
			before := m.inventory()
			m.fail = command
			err = m.builder().Make(t.Context(), p, func(string) { m.fail = command })
			if err == nil || !strings.Contains(err.Error(), "said no") {
				t.Errorf("got %v", err)
			}
			if command == "systemctl daemon-reload" { // it fails while it is taken back, too
				if fault.KindOf(err) != fault.Leftover && fault.KindOf(err) != fault.Failure {
					t.Errorf("got %v", err)
				}
			}
			if diff := cmp.Diff(before, m.inventory()); diff != "" {
				t.Errorf("something was left (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAnInterruptedArrayIsTakenBack(t *testing.T) {
	for _, at := range []string{"make raid10 of 4 drives", "make xfs on it", "tell mdadm of it", "mount it at /srv/holm"} {
		t.Run(at, func(t *testing.T) {
			m := newMachine(t)
			p, err := m.builder().Plan(t.Context(), fast())
			if err != nil {
				t.Fatal(err)
			}
			before := m.inventory()
			ctx, cancel := context.WithCancelCause(t.Context())
			err = m.builder().Make(ctx, p, func(step string) {
				if step == at {
					cancel(errors.New("Ctrl-C"))
				}
			})
			if fault.KindOf(err) != fault.Interrupted {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, m.inventory()); diff != "" {
				t.Errorf("something was left (-before +after):\n%s", diff)
			}
		})
	}
}

func TestDrivesThatChangeWhileAPersonThinksAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(m *machine)
		says      string
	}{
		"something was written to one":  {func(m *machine) { m.write("/dev/nvme2n1", 512, "x") }, "/dev/nvme2n1 holds something"},
		"one has a signature":           {func(m *machine) { m.wipefs["/dev/nvme3n1"] = `{"signatures":[{"type":"xfs"}]}` }, `/dev/nvme3n1 holds a signature of "xfs"`},
		"one is a part of something":    {func(m *machine) { m.dir("/sys/class/block/nvme0n1/holders/dm-0") }, "it is a part of dm-0"},
		"another one has taken a name":  {func(m *machine) { m.file("/sys/class/block/nvme1n1/device/serial", "S9") }, "/dev/nvme1n1 is another drive"},
		"one has been grown or swapped": {func(m *machine) { m.drive("nvme1n1", 1, 16<<20) }, "/dev/nvme1n1 is another drive"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			p, err := m.builder().Plan(t.Context(), fast())
			if err != nil {
				t.Fatal(err)
			}
			c.meanwhile(m)
			before := m.inventory()
			err = m.builder().Make(t.Context(), p, func(step string) { t.Errorf("began to %s", step) })
			if fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if diff := cmp.Diff(before, m.inventory()); diff != "" || len(m.ran) > 0 {
				t.Errorf("run was %q, and changed (-before +after):\n%s", m.ran, diff)
			}
		})
	}
}

func TestWhatCouldNotBeTakenBackIsSaid(t *testing.T) {
	m := newMachine(t)
	p, err := m.builder().Plan(t.Context(), fast())
	if err != nil {
		t.Fatal(err)
	}
	err = m.builder().Make(t.Context(), p, func(step string) {
		if step == "make xfs on it" {
			m.fail = "m" // neither mkfs nor mdadm does anything any more
		}
	})
	if fault.KindOf(err) != fault.Leftover || !strings.Contains(err.Error(), "could not be taken back") {
		t.Errorf("got %v", err)
	}
}

func FuzzArrayUUID(f *testing.F) {
	f.Add(madeUUID)
	f.Add("MD_UUID=../../x")
	f.Fuzz(func(t *testing.T, out string) {
		if uuid, err := arrayUUID([]byte(out)); err == nil && !arrayUUIDForm.MatchString(uuid) {
			t.Errorf("%q is taken for an identity", uuid)
		}
	})
}
