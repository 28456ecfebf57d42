package pool

import (
	"slices"
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/internal/fault"
	"holm/provisioner/model"
)

const why = "md0: 1 of 4 members missing"

func TestAPoolThatIsNotWholeIsSeenAtOnce(t *testing.T) {
	w := newWorld()
	w.Pools = append(w.Pools, clitest.PoolNamed("sick", model.PoolDegraded, why))
	for _, args := range [][]string{{"pool", "ls"}, {"pool", "show", "sick"}, {"pool", "check"}} {
		got := w.RunOn(t, clitest.Terminal(""), args...)
		want := 0
		if args[1] == "check" {
			want = int(fault.CheckFailed)
		}
		if got.Code != want || !strings.Contains(got.Out, "degraded") {
			t.Errorf("%v ended with %d and\n%s%s", args, got.Code, got.Out, got.Err)
		}
		clitest.Golden(t, "pool-"+args[1]+".txt", got.Out)
		if last := w.Calls[len(w.Calls)-1]; !strings.HasPrefix(last, "told of ") {
			t.Errorf("%v: that a person saw it is not remembered: %q", args, w.Calls)
		}
	}
}

func TestAPipeIsNoPersonWhoWasTold(t *testing.T) {
	w := newWorld()
	w.Run(t, "pool", "ls")
	w.Run(t, "pool", "check", "-o", "json")
	if slices.ContainsFunc(w.Calls, func(c string) bool { return strings.HasPrefix(c, "told") }) {
		t.Errorf("calls were %q", w.Calls)
	}
}

func TestAPoolDemandsOfItsDrivesWhatItWasMadeOf(t *testing.T) {
	for drives, want := range map[string]string{"/dev/nvme0n1 /dev/nvme1n1": "raid1,nvme", "/dev/sda /dev/nvme1n1": "raid1"} {
		w := newWorld()
		got := w.Run(t, append([]string{"pool", "create", "big", "--raid1", "--yes"}, strings.Fields(drives)...)...)
		if got.Code != 0 || w.Asked.Require != want || w.Asked.Path != "/srv/holm" {
			t.Errorf("%s: ended with %d, asked for %+v\n%s", drives, got.Code, w.Asked, got.Err)
		}
	}
}

func TestAnArrayThatCannotBeMadeIsNoPool(t *testing.T) {
	w := newWorld()
	w.ArrayOK = fault.New(fault.Failure, "taken back: the drives are as they were", "make xfs on it: mkfs.xfs said no")
	got := w.Run(t, "pool", "create", "big", "--raid1", "--yes", "/dev/nvme0n1", "/dev/nvme1n1")
	if got.Code != int(fault.Failure) || slices.Contains(w.Calls, "add pool big") || !strings.Contains(got.Err, "the drives are as they were") {
		t.Errorf("ended with %d, calls %q\n%s", got.Code, w.Calls, got.Err)
	}
}

func TestAnArrayIsMadeWhileThePoolsAreHeld(t *testing.T) {
	w := newWorld()
	got := w.Run(t, "pool", "create", "big", "--raid1", "--yes", "/dev/nvme0n1", "/dev/nvme1n1")
	want := []string{"hold pools", "make array big raid1", "add pool big", "let pools go"}
	if got.Code != 0 || !slices.Equal(w.Calls, want) {
		t.Errorf("ended with %d, calls %q, want %q\n%s", got.Code, w.Calls, want, got.Err)
	}
}

func TestDrivesThatHaveChangedSinceTheyWereShownAreLeftAlone(t *testing.T) {
	w := newWorld()
	w.NewDrives = true
	got := w.Run(t, "pool", "create", "big", "--raid1", "--yes", "/dev/nvme0n1", "/dev/nvme1n1")
	if got.Code != int(fault.Refused) || slices.Contains(w.Calls, "make array big raid1") {
		t.Errorf("ended with %d, calls %q\n%s", got.Code, w.Calls, got.Err)
	}
}
