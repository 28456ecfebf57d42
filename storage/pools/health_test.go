package pools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// smartLog is what nvme prints of the emulated drive in the nested box.
const smartLog = `{"critical_warning":0,"temperature":323,"avail_spare":100,"spare_thresh":10,"percent_used":3,"media_errors":0}`

func healthOf(t *testing.T, logs map[string]string) Tree {
	t.Helper()
	m := raid10(t, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync")
	tree := look(t, m)
	l := m.looker()
	l.Run = func(_ context.Context, name string, args ...string) ([]byte, error) {
		drive := strings.TrimPrefix(args[len(args)-1], "/dev/")
		if name != "nvme" || logs[drive] == "" {
			return nil, errors.New("not installed")
		}
		return []byte(logs[drive]), nil
	}
	l.AskHealth(t.Context(), &tree)
	return tree
}

func TestEachDriveSaysHowItIs(t *testing.T) {
	tree := healthOf(t, map[string]string{
		"nvme0n1": smartLog,
		"nvme1n1": `{"critical_warning":5,"temperature":1,"avail_spare":2,"spare_thresh":10,"percent_used":101,"media_errors":1e30}`,
		"nvme2n1": `{"critical_warning":"all"}`,
	})
	drives := tree.Drives()
	if h := drives[0].Health; h == nil || h.Celsius != 50 || h.SparePercent != 100 || h.PercentUsed != 3 {
		t.Errorf("the first one says %+v", h)
	}
	if drives[2].Health != nil || drives[3].Health != nil {
		t.Errorf("those that say nothing say %+v and %+v", drives[2].Health, drives[3].Health)
	}
	want := []string{"nvme1n1 warns: spare below its threshold, unreliable, 2147483648 media errors, 101% of its life used"}
	if got := tree.Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings are %q, want %q", got, want)
	}
	if tree.Degraded() != "" || tree.Broken() != "" {
		t.Error("a warning made it degraded")
	}
}

func TestWithoutTheProgramNothingIsKnown(t *testing.T) {
	if got := healthOf(t, nil).Warnings(); len(got) > 0 {
		t.Errorf("warnings are %q", got)
	}
}

func TestADriveWhoseControllerIsNotLiveIsNotAskedAndWarns(t *testing.T) {
	m := raid10(t, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync")
	tree := look(t, m)
	for n, state := range []string{"live", "resetting", "dead"} {
		m.file(fmt.Sprintf("/sys/devices/pci0000:00/nvme/nvme%d/nvme%dn1/device/state", n, n), state+"\n")
	}
	l := m.looker()
	l.Run = func(_ context.Context, _ string, args ...string) ([]byte, error) {
		if drive := args[len(args)-1]; drive == "/dev/nvme1n1" || drive == "/dev/nvme2n1" {
			t.Errorf("%s was asked", drive)
		}
		return []byte(smartLog), nil
	}
	l.AskHealth(t.Context(), &tree)
	want := []string{"nvme1n1 warns: its controller is resetting", "nvme2n1 warns: its controller is dead"}
	if got := tree.Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings are %q, want %q", got, want)
	}
}
