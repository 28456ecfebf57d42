package provisioner_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
)

func TestCreateTellsItsStepsInOrder(t *testing.T) {
	w := newWorld(t)
	var got []string
	_, err := w.holm().Instances.Create(t.Context(), web(), func(e operations.Event) {
		got = append(got, e.Step+" "+string(e.Phase))
	})
	must(t, err)
	// Network, volume and seed are made at the same time: only the stage has a place.
	stage := func(phase string) []string { return []string{"network " + phase, "seed " + phase, "volume " + phase} }
	begin := slices.Index(got, "reserved finished") + 1
	if len(got) < begin+6 {
		t.Fatalf("only these events came: %q", got)
	}
	slices.SortStableFunc(got[begin:begin+6], func(a, b string) int {
		phaseOf := func(s string) string { return s[strings.Index(s, " "):] }
		if c := strings.Compare(phaseOf(a), phaseOf(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	want := slices.Concat(
		[]string{"admitted begun", "admitted finished", "reserved begun", "reserved finished"},
		stage("begun"), stage("finished"),
		[]string{
			"defined begun", "defined finished", "started begun", "started finished", "booting begun",
			"booting noted", "booting noted", "booting noted", "booting finished",
			"verified begun", "verified noted", "verified finished", "ready begun", "ready finished",
		})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCreateRecordsWhatWasAskedForReservedAndLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := time.Now().UTC()
		got, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", DiskGiB: 3, AuthorizedKeys: []string{hostKey(9)}}, nil)
		must(t, err)
		r := readyReport()
		want := model.Instance{
			ID: got.ID, Name: "web", Tenant: "default", State: model.Ready, Profile: "docker",
			Flavor: model.Flavor{Name: "small", VCPUs: 2, MemoryMiB: 1024, DiskGiB: 3},
			Image:  debian().Digest, ImageName: "debian-13", Accel: "kvm", Machine: "pc-q35-7.2",
			Key: got.Key, UUID: got.UUID, Domain: "holm.default.web", UID: got.UID, Network: "holm-default", MAC: got.MAC,
			Address: netip.MustParseAddr("10.77.0.10"), Address6: netip.MustParseAddr(network.Default().Subnet6.Addr().String() + "a"), PrefixLen: 24, Gateway: netip.MustParseAddr("10.77.0.1"),
			User: "ops", AuthorizedKeys: []string{hostKey(9)},
			HostKey: r.HostKey, MachineID: r.MachineID, Kernel: r.Kernel, BootID: r.BootID,
			ChecksPassed: 5, ChecksTotal: 5, CheckedAt: start, Created: start, ReadyAt: start,
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, w.record(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Errorf("the record is another one: %s", diff)
		}
		for what, ok := range map[string]bool{
			"id": len(got.ID) == 12, "uuid": len(got.UUID) == 36 && got.UUID[14] == '4', "mac": strings.HasPrefix(got.MAC, "52:54:00:"),
		} {
			if !ok {
				t.Errorf("the %s has not its form: %+v", what, got)
			}
		}
	})
}

func TestCreateLeavesNoSeedAndKnowsTheHostKey(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	if exists(t, w.file(inst.ID, "seed.iso")) {
		t.Error("the seed is still there")
	}
	stats, err := w.hyp.Stats(t.Context(), inst.UUID)
	must(t, err)
	var disks []string
	for _, d := range stats.Disks {
		disks = append(disks, d.Target)
	}
	if diff := cmp.Diff([]string{"vda", "vdb"}, disks); diff != "" {
		t.Errorf("the running guest has other disks: %s", diff)
	}
	known, err := os.ReadFile(w.file(inst.ID, "known_hosts"))
	must(t, err)
	if want := inst.ID + " " + hostKey(1) + "\n"; string(known) != want {
		t.Errorf("known_hosts is %q, want %q", known, want)
	}
}

func TestCreateWritesFewTransactionsAndJournalsBeforeItActs(t *testing.T) {
	w := newWorld(t)
	var early []string
	w.crash = func(point string) {
		w.records.mu.Lock()
		defer w.records.mu.Unlock()
		if point == "create.folder.before" {
			early = slices.Clone(w.records.writes)
		}
	}
	w.created("web")
	want := []string{"Reserve"} // with the operation and its first steps
	if diff := cmp.Diff(want, early); diff != "" {
		t.Errorf("before the first step acts, this was written: %s", diff)
	}
	for range 3 {
		want = append(want, "PutOperation create running")
	}
	want = append(want, "Record create done", "Update", "Update")
	if diff := cmp.Diff(want, w.records.writes); diff != "" {
		t.Error(diff)
	}
	must(t, w.records.VerifyAudit(t.Context()))
}

func TestFoldersHaveTheirModesWhateverTheUmaskIs(t *testing.T) {
	for _, umask := range []int{0o022, 0o077} {
		w := newWorld(t)
		inst := w.createdUnder(umask)
		for path, mode := range map[string]os.FileMode{
			filepath.Dir(w.dir): 0o711, w.dir: 0o711, w.dir + "/instances": 0o711, w.dir + "/locks": 0o700, w.dir + "/keys": 0o700,
			w.dir + "/keys/ssh_ed25519": 0o600, w.file(inst.ID, ""): 0o711, w.file(inst.ID, "state.qcow2"): 0o600,
		} {
			info, err := os.Stat(path)
			must(t, err)
			if got := info.Mode().Perm(); got != mode {
				t.Errorf("under umask %o, %s has mode %o, want %o", umask, path, got, mode)
			}
		}
	}
}

func TestAnInstanceInLabModeSaysThatItIsEmulated(t *testing.T) {
	w := newWorld(t)
	w.capacity.KVM = false
	_, err := w.records.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil })
	must(t, err)
	said := ""
	inst, err := w.holm().Instances.Create(t.Context(), web(), func(e operations.Event) { said += e.Text + "\n" })
	must(t, err)
	if inst.Accel != "tcg" || !strings.Contains(said, "LAB MODE") {
		t.Errorf("accel is %s, and it said %q", inst.Accel, said)
	}
}
