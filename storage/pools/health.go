package pools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Health is what an NVMe drive says of itself; all but Controller is unknown while that is not "live". Source: NVM Express Base
// Specification, SMART / Health Information log.
type Health struct {
	CriticalWarning int    `json:"critical_warning"`  // bits; 0 is none
	PercentUsed     int    `json:"percent_used"`      // of the life that its maker expects; may exceed 100
	SparePercent    int    `json:"spare_percent"`     // of its spare blocks, what is left
	SpareThreshold  int    `json:"spare_threshold"`   // below which it warns
	MediaErrors     int    `json:"media_errors"`      // times that it could not give back what it was given
	Celsius         int    `json:"celsius,omitempty"` // its temperature
	Controller      string `json:"state,omitempty"`   // what the kernel says of its controller: "live"
}

// smart is the log as nvme(1) prints it.
type smart struct {
	CriticalWarning int     `json:"critical_warning"`
	Temperature     int     `json:"temperature"` // kelvin
	AvailSpare      int     `json:"avail_spare"`
	SpareThresh     int     `json:"spare_thresh"`
	PercentUsed     int     `json:"percent_used"`
	MediaErrors     float64 `json:"media_errors"` // 128 bits
}

// AskHealth asks each NVMe drive how it is, all at the same time. Of a drive that does not say, or without nvme(1) on this
// machine, nothing is known, and that is no error.
func (l Looker) AskHealth(ctx context.Context, t *Tree) {
	var asking sync.WaitGroup
	t.Top.each(func(d *Device) {
		if d.Kind == Drive && d.Transport == "nvme" {
			asking.Go(func() { d.Health = l.health(ctx, d.Name) })
		}
	})
	asking.Wait()
}

func (l Looker) health(ctx context.Context, name string) *Health {
	controller := ""
	if dir, err := resolve(l.Root, "/sys/class/block/"+name); err == nil {
		controller = dir.text("device/state")
	}
	if controller != "" && controller != "live" {
		return &Health{Controller: controller} // it would not answer, or not soon
	}
	out, err := l.run(ctx, "nvme", "smart-log", "--output-format=json", "/dev/"+name)
	if err != nil {
		return nil
	}
	var s smart
	if json.Unmarshal(out, &s) != nil {
		return nil
	}
	const zeroCelsius = 273
	h := &Health{
		CriticalWarning: s.CriticalWarning, PercentUsed: s.PercentUsed, SparePercent: s.AvailSpare, SpareThreshold: s.SpareThresh,
		MediaErrors: int(min(max(s.MediaErrors, 0), 1<<31)), Controller: controller,
	}
	if s.Temperature > zeroCelsius {
		h.Celsius = s.Temperature - zeroCelsius
	}
	return h
}

// each visits a device and all that it is made of.
func (d *Device) each(visit func(d *Device)) {
	visit(d)
	for i := range d.Members {
		d.Members[i].each(visit)
	}
}

// Warnings says what drives say of themselves that does not make the tree degraded yet, a line each.
func (t Tree) Warnings() []string {
	var all []string
	seen := map[string]bool{}
	for _, d := range t.Drives() {
		if why := d.Health.warning(); why != "" && !seen[d.Name] {
			seen[d.Name] = true
			all = append(all, d.Name+" warns: "+why)
		}
	}
	return all
}

func (h *Health) warning() string {
	if h == nil {
		return ""
	}
	var why []string
	for bit, text := range []string{
		"spare below its threshold", "temperature", "unreliable", "read-only",
		"its write cache has no power of its own",
	} {
		if h.CriticalWarning&(1<<bit) != 0 {
			why = append(why, text)
		}
	}
	if h.MediaErrors > 0 {
		why = append(why, fmt.Sprintf("%d media errors", h.MediaErrors))
	}
	const worn = 100
	if h.PercentUsed >= worn {
		why = append(why, fmt.Sprintf("%d%% of its life used", h.PercentUsed))
	}
	if h.Controller != "" && h.Controller != "live" {
		why = append(why, "its controller is "+h.Controller)
	}
	return strings.Join(why, ", ")
}
