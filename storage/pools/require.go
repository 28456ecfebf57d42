package pools

import (
	"fmt"
	"slices"
	"strings"

	"holm/internal/fault"
)

// Requirement is a demand on what is under a pool.
type Requirement string

// The requirements that there are. Those of drives must hold for every drive, those of arrays on every way down to one.
const (
	RequireNVMe   Requirement = "nvme"   // each drive is NVMe in this machine
	RequireSSD    Requirement = "ssd"    // no drive rotates
	RequireRaid1  Requirement = "raid1"  // every way to a drive leads through such an array
	RequireRaid10 Requirement = "raid10" // the same
)

// Requirements returns all that there are.
func Requirements() []Requirement {
	return []Requirement{RequireNVMe, RequireSSD, RequireRaid1, RequireRaid10}
}

// ParseRequirements reads a list such as "nvme,raid10" and returns it sorted and without repetition. Its errors are faults
// of kind Usage.
func ParseRequirements(text string) ([]Requirement, error) {
	var list []Requirement
	for word := range strings.SplitSeq(text, ",") {
		r := Requirement(strings.TrimSpace(word))
		if r == "" {
			continue
		}
		if !slices.Contains(Requirements(), r) {
			var names []string
			for _, known := range Requirements() {
				names = append(names, string(known))
			}
			return nil, fault.New(fault.Usage, "use any of "+strings.Join(names, ", "), "%.40q is not a requirement", r)
		}
		list = append(list, r)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// Drives returns what is at the bottom, from left to right, each once.
func (t Tree) Drives() []Device {
	var all []Device
	t.Top.walk(nil, func(_ []Device, d Device) {
		if len(d.Members) == 0 && !slices.ContainsFunc(all, func(other Device) bool { return other.Name == d.Name }) {
			all = append(all, d)
		}
	})
	return all
}

// walk visits each device after those above it.
func (d Device) walk(above []Device, visit func(above []Device, d Device)) {
	visit(above, d)
	for _, member := range d.Members {
		member.walk(append(slices.Clone(above), d), visit)
	}
}

// Shortfalls says what is demanded and not there, a line each.
func (t Tree) Shortfalls(required []Requirement) []string {
	var all []string
	for _, r := range required {
		if found := t.against(r); found != "" {
			all = append(all, fmt.Sprintf("%s is required: %s", r, found))
		}
	}
	return all
}

// against returns the first thing that speaks against a requirement, or "".
func (t Tree) against(r Requirement) (found string) {
	t.Top.walk(nil, func(above []Device, d Device) {
		if found == "" && len(d.Members) == 0 {
			found = d.against(r, above)
		}
	})
	return found
}

func (d Device) against(r Requirement, above []Device) string {
	switch {
	case r == RequireNVMe && d.Transport != "nvme":
		return fmt.Sprintf("%s is %s", d.Name, orUnknown(d.Transport))
	case r == RequireSSD && (d.Rotational || d.Kind != Drive):
		return d.Name + " rotates, or does not say that it does not"
	case r == RequireRaid1 || r == RequireRaid10:
		if !slices.ContainsFunc(above, func(a Device) bool { return a.Level == string(r) }) {
			return d.Name + " is in no such array"
		}
	}
	return ""
}

// Degraded says why data has fewer copies than it should have; "" when it has them all.
func (t Tree) Degraded() (why string) {
	t.Top.walk(nil, func(_ []Device, d Device) {
		switch {
		case why != "":
		case d.Missing > 0:
			why = fmt.Sprintf("%s: %d of %d members missing", d.Name, d.Missing, d.Missing+d.working())
		case d.Role == "faulty":
			why = d.Name + " is faulty"
		case d.Action == "recover" || d.Role == "rebuilding":
			why = d.Name + " is being rebuilt"
		}
	})
	return why
}

// working counts the members that hold data.
func (d Device) working() int {
	n := 0
	for _, m := range d.Members {
		if m.Role == "in_sync" || m.Role == "" {
			n++
		}
	}
	return n
}

// Broken says why nothing can be trusted to it any more; "" when it can.
func (t Tree) Broken() (why string) {
	if t.ReadOnly {
		return "the file system is mounted read-only"
	}
	t.Top.walk(nil, func(_ []Device, d Device) {
		if why == "" && d.Broken != "" {
			why = d.Name + ": " + d.Broken
		}
	})
	return why
}
