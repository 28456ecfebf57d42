package pools

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"holm/internal/fault"
)

// LVMThin is what stands for the file system of a thin pool of LVM, which has none.
const LVMThin = "lvm-thin"

// thinName is what lvm(8) allows in names, without those that begin like an option.
var thinName = regexp.MustCompile(`^([A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126})/([A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126})$`)

// thinPool is one as lvs(8) prints it: everything is text.
type thinPool struct {
	Group string `json:"vg_name"`
	Name  string `json:"lv_name"`
	UUID  string `json:"lv_uuid"`
	Size  string `json:"lv_size"` // in bytes
	Data  string `json:"data_percent"`
	Meta  string `json:"metadata_percent"`
	Attr  string `json:"lv_attr"`
	Full  string `json:"lv_when_full"`
}

// LookThin walks from a thin pool, "VG/POOL", down to the drives. One that is not there is a fault of kind NotFound, and
// something else of that name one of kind Usage.
func (l Looker) LookThin(ctx context.Context, name string) (Tree, error) {
	parts := thinName.FindStringSubmatch(name)
	if parts == nil {
		return Tree{}, fault.New(fault.Usage, "name it VG/POOL; see what there is: lvs", "%.60q is not the name of a thin pool", name)
	}
	pool, err := l.thin(ctx, name)
	if err != nil {
		return Tree{}, err
	}
	size, err := strconv.ParseUint(pool.Size, 10, 63)
	if err != nil {
		return Tree{}, fmt.Errorf("thin pool %s: lvs says that it has %.40q bytes", name, pool.Size)
	}
	// A pool is full when either of the two is: its data, or what says where that lies.
	taken := max(percent(pool.Data), percent(pool.Meta))
	t := Tree{Path: name, FSType: LVMThin, FSUUID: pool.UUID, CapacityBytes: size}
	t.FreeBytes = size - min(size, uint64(float64(size)*taken/100))
	t.Top, err = l.mapped(parts[1], parts[2])
	if err == nil && t.Top.Broken == "" {
		t.Top.Broken = pool.broken(name)
	}
	return t, err
}

// broken says why nothing should be trusted to a pool; "" when it can be. That it has no space is not among it.
func (p thinPool) broken(name string) string {
	const health = 8 // the letter of lv_attr that tells it: lvs(8)
	switch {
	case p.Full == "queue":
		return "a full pool would hang its guests instead of pausing them: lvchange --errorwhenfull y " + name
	case len(p.Attr) > health && p.Attr[health] == 'F':
		return "LVM says that the pool has failed"
	case len(p.Attr) > health && p.Attr[health] == 'M':
		return "the pool takes no new metadata any more: lvconvert --repair " + name
	}
	return ""
}

func (l Looker) thin(ctx context.Context, name string) (thinPool, error) {
	out, err := l.run(ctx, "lvs", "--reportformat", "json", "--units", "b", "--nosuffix",
		"--options", "vg_name,lv_name,lv_uuid,lv_size,data_percent,metadata_percent,lv_attr,lv_when_full", name)
	if err != nil && (strings.Contains(err.Error(), "Failed to find") || strings.Contains(err.Error(), "not found")) {
		return thinPool{}, fault.New(fault.NotFound, "see what there is: lvs", "there is no thin pool %s", name)
	}
	if err != nil {
		return thinPool{}, err
	}
	var answer struct {
		Report []struct {
			LV []thinPool `json:"lv"`
		} `json:"report"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || len(answer.Report) != 1 || len(answer.Report[0].LV) != 1 {
		return thinPool{}, fmt.Errorf("look at the thin pool %s: lvs does not answer in JSON", name)
	}
	pool := answer.Report[0].LV[0]
	if !strings.HasPrefix(pool.Attr, "t") {
		return pool, fault.New(fault.Usage, "see what there is: lvs "+pool.Group, "%s is not a thin pool", name)
	}
	return pool, nil
}

// mapped finds the device-mapper device of a thin pool by its name, in which LVM doubles each "-".
func (l Looker) mapped(group, pool string) (Device, error) {
	double := func(s string) string { return strings.ReplaceAll(s, "-", "--") }
	want := double(group) + "-" + double(pool)
	all, err := resolve(l.Root, "/sys/class/block")
	if err != nil {
		return Device{}, err
	}
	names, err := all.list(".")
	if err != nil {
		return Device{}, err
	}
	for _, suffix := range []string{"-tpool", ""} { // the first is what lies under a pool that is in use
		for _, name := range names {
			if dir, err := resolve(l.Root, "/sys/class/block/"+name); err == nil && dir.text("dm/name") == want+suffix {
				return l.device("/sys/class/block/"+name, 0)
			}
		}
	}
	return Device{}, fault.New(fault.Unfit, "lvchange --activate y "+group+"/"+pool, "the thin pool %s/%s is switched off", group, pool)
}

// percent reads how much is taken. lvs leaves it empty, or says -1, when it cannot tell: nothing is promised of such a pool.
func percent(text string) float64 {
	const all = 100
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= all) { // so that what is not a number is among them
		return all
	}
	return v
}
