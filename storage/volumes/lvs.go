package volumes

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"holm/internal/fault"
)

// logical is a logical volume as lvs(8) prints it: everything is text.
type logical struct {
	Name string `json:"lv_name"`
	Tags string `json:"lv_tags"` // with commas between
	Pool string `json:"pool_lv"` // that it is thin in
	Size string `json:"lv_size"` // in bytes, as it was asked for
	Data string `json:"data_percent"`
	Meta string `json:"metadata_percent"`
	Attr string `json:"lv_attr"`

	Extent string `json:"vg_extent_size"` // of its group, in bytes: sizes are multiples of it
}

// look asks for the pool and all logical volumes of its group, by name.
func (t thin) look(ctx context.Context) (pool logical, all map[string]logical, err error) {
	out, err := t.run(ctx, "lvs", "--reportformat", "json", "--units", "b", "--nosuffix",
		"--options", "lv_name,lv_tags,pool_lv,lv_size,data_percent,metadata_percent,lv_attr,vg_extent_size", t.group)
	if said(err, "not found") {
		return logical{}, nil, t.missing()
	}
	if err != nil {
		return logical{}, nil, wrap(err, "look at the thin pool "+t.String())
	}
	var answer struct {
		Report []struct {
			LV []logical `json:"lv"`
		} `json:"report"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return logical{}, nil, fmt.Errorf("look at the thin pool %s: lvs does not answer in JSON: %w", t, err)
	}
	all = map[string]logical{}
	for _, r := range answer.Report {
		for _, v := range r.LV {
			all[v.Name] = v
		}
	}
	pool, there := all[t.pool]
	if !there {
		return logical{}, nil, t.missing()
	}
	return pool, all, nil
}

func (t thin) missing() error {
	return fault.New(fault.Unfit, "see what there is: lvs; and look at the pool: holm pool check", "the thin pool %s is not there", t)
}

func (l logical) ours(pool string) bool {
	return l.Pool == pool && slices.Contains(strings.Split(l.Tags, ","), thinTag)
}

// The letters of lv_attr, as lvs(8) explains them.
func (l logical) isPool() bool { return l.attr(0) == 't' }
func (l logical) active() bool { return l.attr(4) == 'a' }
func (l logical) open() bool   { return l.attr(5) == 'o' }
func (l logical) zeroes() bool { return l.attr(7) == 'z' }

// full tells whether a pool has no space for data, or has stopped to take new metadata.
func (l logical) full() bool {
	return l.attr(8) == 'D' || l.attr(8) == 'M' || percent(l.Data) >= 100 || percent(l.Meta) >= 100
}

func (l logical) attr(at int) byte {
	if at >= len(l.Attr) {
		return '-'
	}
	return l.Attr[at]
}

func (l logical) usage() (Usage, error) {
	const most = 1 << 60 // what is more is no size, and not exact as a floating-point number
	size, err := strconv.ParseInt(l.Size, 10, 64)
	if err != nil || size < 0 || size > most {
		return Usage{}, fmt.Errorf("volume %s: lvs says that it has %q bytes", l.Name, clip(l.Size))
	}
	return Usage{VirtualBytes: size, AllocatedBytes: min(size, int64(float64(size)/100*percent(l.Data)))}, nil
}

// percent reads a number that is left empty when the volume is switched off. What is no share of anything is none, or all.
func percent(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) {
		return 0
	}
	return min(max(v, 0), 100)
}
