package pools

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"holm/internal/fault"
)

// thinMachine has a thin pool vg-0/guests on an array of four drives; lv is what lvs says of it.
func thinMachine(t *testing.T, lv string, lvsErr error) Looker {
	t.Helper()
	m := raid10(t, nil, "nvme0n1 in_sync", "nvme1n1 in_sync", "nvme2n1 in_sync", "nvme3n1 in_sync")
	m.device("virtual/block/dm-0", map[string]string{"dm/uuid": "LVM-a", "dm/name": "vg--0-guests_tdata", "slaves/md0/x": ""})
	m.device("virtual/block/dm-1", map[string]string{"dm/uuid": "LVM-b", "dm/name": "vg--0-guests-tpool", "slaves/dm-0/x": ""})
	m.device("virtual/block/dm-2", map[string]string{"dm/uuid": "LVM-c", "dm/name": "vg--0-guests", "slaves/dm-1/x": ""})
	l := m.looker()
	l.Run = func(_ context.Context, name string, args ...string) ([]byte, error) {
		if name != "lvs" || args[len(args)-1] != "vg-0/guests" {
			return nil, fmt.Errorf("unexpected: %s %q", name, args)
		}
		return []byte(`{"report":[{"lv":[` + lv + `]}]}`), lvsErr
	}
	return l
}

func lv(attr, full, data string) string {
	return fmt.Sprintf(`{"vg_name":"vg-0","lv_name":"guests","lv_uuid":"mY-1","lv_size":"1000000","data_percent":%q,"metadata_percent":"10.00","lv_attr":%q,"lv_when_full":%q}`, data, attr, full)
}

func TestAThinPoolIsSeenDownToItsDrives(t *testing.T) {
	tree, err := thinMachine(t, lv("twi-aotz--", "error", "25.00"), nil).LookThin(t.Context(), "vg-0/guests")
	if err != nil {
		t.Fatal(err)
	}
	if tree.FSUUID != "mY-1" || tree.CapacityBytes != 1000000 || tree.FreeBytes != 750000 || len(tree.Drives()) != 4 || tree.Broken() != "" {
		t.Errorf("seen was %+v", tree)
	}
	if short := tree.Shortfalls([]Requirement{RequireRaid10, RequireNVMe}); len(short) > 0 {
		t.Errorf("it says %q", short)
	}
	if got := tree.Summary(); got != "raid10 on 4 nvme" {
		t.Errorf("in short it is %q", got)
	}
}

func TestWhatAilsAThinPoolIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		lv   string
		free uint64
		says string
	}{
		"full":                        {lv("twi-aotzD-", "error", "100.00"), 0, ""},
		"full, and guests would hang": {lv("twi-aotzD-", "queue", "100.00"), 0, "lvchange --errorwhenfull y vg-0/guests"},
		"failed":                      {lv("twi-aotzF-", "error", "10.00"), 900000, "has failed"},
		"without new metadata":        {lv("twi-aotzM-", "error", "10.00"), 900000, "lvconvert --repair vg-0/guests"},
		"with data below nothing":     {lv("twi-aotz--", "error", "-1.00"), 0, ""},
		"with data that is not said":  {lv("twi-aotz--", "error", ""), 0, ""},
		"with data not a number":      {lv("twi-aotz--", "error", "nan"), 0, ""},
	} {
		tree, err := thinMachine(t, c.lv, nil).LookThin(t.Context(), "vg-0/guests")
		if err != nil || tree.FreeBytes != c.free || !strings.Contains(tree.Broken(), c.says) || (tree.Broken() == "") != (c.says == "") {
			t.Errorf("%s: %v, %d bytes free, broken: %q", name, err, tree.FreeBytes, tree.Broken())
		}
	}
}

func TestWhatIsNoThinPoolIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		pool, lv string
		err      error
		kind     fault.Kind
	}{
		"an option":        {"-rf/x", "", nil, fault.Usage},
		"a path":           {"/srv/holm", "", nil, fault.Usage},
		"a volume":         {"vg-0/guests", lv("-wi-ao----", "", ""), nil, fault.Usage},
		"nothing":          {"vg-0/guests", "", errors.New("lvs: Failed to find logical volume"), fault.NotFound},
		"no such group":    {"vg-0/guests", "", errors.New("lvs: Volume group \"vg-0\" not found"), fault.NotFound},
		"two at once":      {"vg-0/guests", lv("twi-aotz--", "error", "1") + "," + lv("twi-aotz--", "error", "1"), nil, fault.Failure},
		"an answer in art": {"vg-0/guests", "~~", nil, fault.Failure},
	} {
		if _, err := thinMachine(t, c.lv, c.err).LookThin(t.Context(), c.pool); fault.KindOf(err) != c.kind || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
