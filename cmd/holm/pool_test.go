package main

import (
	"slices"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
)

const why = "md0: 1 of 4 members missing"

func TestAPoolThatIsNotWholeIsSeenAtOnce(t *testing.T) {
	w := newWorld()
	w.pools = append(w.pools, poolNamed("sick", model.PoolDegraded, why))
	for _, args := range [][]string{{"pool", "ls"}, {"pool", "show", "sick"}, {"pool", "check"}} {
		got := w.runOn(t, terminal(""), args...)
		want := 0
		if args[1] == "check" {
			want = int(fault.CheckFailed)
		}
		if got.code != want || !strings.Contains(got.out, "degraded") {
			t.Errorf("%v ended with %d and\n%s%s", args, got.code, got.out, got.err)
		}
		golden(t, "pool-"+args[1]+".txt", got.out)
		if last := w.calls[len(w.calls)-1]; !strings.HasPrefix(last, "told of ") {
			t.Errorf("%v: that a person saw it is not remembered: %q", args, w.calls)
		}
	}
}

func TestAPipeIsNoPersonWhoWasTold(t *testing.T) {
	w := newWorld()
	w.run(t, "pool", "ls")
	w.run(t, "pool", "check", "-o", "json")
	if slices.ContainsFunc(w.calls, func(c string) bool { return strings.HasPrefix(c, "told") }) {
		t.Errorf("calls were %q", w.calls)
	}
}

func TestNewsAreSaidOnceAndEndWell(t *testing.T) {
	w := newWorld()
	sick := poolNamed("sick", model.PoolDegraded, why)
	sick.Changed = true
	w.pools = append(w.pools, sick)
	w.paused = []instances.Paused{
		{Tenant: "default", Name: "web", Pool: "fast", Why: `no space in pool "fast"`},
		{Tenant: "default", Name: "db", Pool: "fast", Why: `no space in pool "fast"`, Resumed: true},
	}
	w.rebuilt = []networks.Rebuilt{{Network: "holm-default.acme", What: "there is no table inet holm.holm-0d18c3a5"}}
	got := w.run(t, "pool", "check", "--news")
	if got.code != 0 || !strings.Contains(got.out, why) || strings.Contains(got.out, "healthy") {
		t.Errorf("ended with %d and %q", got.code, got.out)
	}
	for _, want := range []string{
		`default/web is paused: no space in pool "fast"`, "default/db goes on: there is room again",
		"the kernel's rules of network holm-default.acme were put back: there is no table inet holm.holm-0d18c3a5",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%q does not say %q", got.err, want)
		}
	}
}

func TestWhatRanIsStartedAndPrinted(t *testing.T) {
	w := newWorld()
	w.instances[2].DomainState = hypervisor.Off
	if got := w.run(t, "start", "--all", "--dry-run"); got.code != 0 || !strings.Contains(got.err, "would start default/web") {
		t.Errorf("ended with %d and %q", got.code, got.err)
	}
	got := w.run(t, "start", "--all")
	if got.code != 0 || !strings.Contains(got.out, "web\tdefault") || !slices.Contains(w.calls, "start default/web") {
		t.Errorf("ended with %d, %q, calls %q", got.code, got.out, w.calls)
	}
}

func TestWhatRunsIsStoppedWithTheHostAndPrinted(t *testing.T) {
	w := newWorld()
	got := w.run(t, "stop", "--all", "--dry-run")
	if got.code != 0 || !strings.Contains(got.err, "would stop default/web") || len(w.calls) > 0 {
		t.Errorf("ended with %d and %q", got.code, got.err)
	}
	got = w.run(t, "stop", "--all")
	if got.code != 0 || !strings.Contains(got.out, "web\tdefault") || !slices.Contains(w.calls, "stop default/web") {
		t.Errorf("ended with %d, %q, calls %q", got.code, got.out, w.calls)
	}
	for _, args := range [][]string{{"stop", "--all", "web"}, {"stop", "--all", "--force"}, {"stop"}} {
		if got := w.run(t, args...); got.code != 2 {
			t.Errorf("%v ended with %d", args, got.code)
		}
	}
}

func TestAPoolDemandsOfItsDrivesWhatItWasMadeOf(t *testing.T) {
	for drives, want := range map[string]string{"/dev/nvme0n1 /dev/nvme1n1": "raid1,nvme", "/dev/sda /dev/nvme1n1": "raid1"} {
		w := newWorld()
		got := w.run(t, append([]string{"pool", "create", "big", "--raid1", "--yes"}, strings.Fields(drives)...)...)
		if got.code != 0 || w.asked.Require != want || w.asked.Path != "/srv/holm" {
			t.Errorf("%s: ended with %d, asked for %+v\n%s", drives, got.code, w.asked, got.err)
		}
	}
}

func TestAnArrayThatCannotBeMadeIsNoPool(t *testing.T) {
	w := newWorld()
	w.arrayOK = fault.New(fault.Failure, "taken back: the drives are as they were", "make xfs on it: mkfs.xfs said no")
	got := w.run(t, "pool", "create", "big", "--raid1", "--yes", "/dev/nvme0n1", "/dev/nvme1n1")
	if got.code != int(fault.Failure) || slices.Contains(w.calls, "add pool big") || !strings.Contains(got.err, "the drives are as they were") {
		t.Errorf("ended with %d, calls %q\n%s", got.code, w.calls, got.err)
	}
}

func TestAnArrayIsMadeWhileThePoolsAreHeld(t *testing.T) {
	w := newWorld()
	got := w.run(t, "pool", "create", "big", "--raid1", "--yes", "/dev/nvme0n1", "/dev/nvme1n1")
	want := []string{"hold pools", "make array big raid1", "add pool big", "let pools go"}
	if got.code != 0 || !slices.Equal(w.calls, want) {
		t.Errorf("ended with %d, calls %q, want %q\n%s", got.code, w.calls, want, got.err)
	}
}

func TestDrivesThatHaveChangedSinceTheyWereShownAreLeftAlone(t *testing.T) {
	w := newWorld()
	w.newDrives = true
	got := w.run(t, "pool", "create", "big", "--raid1", "--yes", "/dev/nvme0n1", "/dev/nvme1n1")
	if got.code != int(fault.Refused) || slices.Contains(w.calls, "make array big raid1") {
		t.Errorf("ended with %d, calls %q\n%s", got.code, w.calls, got.err)
	}
}
