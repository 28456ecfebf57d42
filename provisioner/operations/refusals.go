package operations

import (
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// Unfinished is the fault for an instance that a holm which died left half made or half removed.
func Unfinished(inst model.Instance) error {
	remedy := "remove what there is: " + model.Command("rm", inst)
	if inst.State == model.Creating {
		remedy += "      or make it again: holm create " + inst.Name
	}
	return fault.New(fault.InstanceUnfinished, remedy, "instance %q was left unfinished (%s)", fault.Instance(inst.Name), inst.State)
}

// NotRunning is the fault for what only a running instance can do.
func NotRunning(inst model.Instance, domain hypervisor.State) error {
	switch domain {
	case hypervisor.Absent:
		return fault.New(fault.InstanceBroken, "remove what there is: "+model.Command("rm", inst),
			"instance %q is broken: somebody removed its domain %s", fault.Instance(inst.Name), inst.Domain)
	case hypervisor.Paused:
		return fault.New(fault.InstancePaused,
			"resume it: virsh resume "+inst.Domain+"      or cut its power: "+model.Command("stop --force", inst),
			"instance %q is paused by somebody", fault.Instance(inst.Name))
	case hypervisor.Stalled:
		return fault.New(fault.InstanceStalled, "make room, then: "+model.Command("start", inst)+
			"      or cut its power: "+model.Command("stop --force", inst),
			"instance %q is paused: its disk has failed, or the host has no space for it", fault.Instance(inst.Name))
	default:
		return fault.New(fault.InstanceNotRunning, "run: "+model.Command("start", inst),
			"instance %q is not running (%s)", fault.Instance(inst.Name),
			fault.State(StatusOf(inst.State, domain)))
	}
}

// Asleep is the fault for what only a running instance can do, of one that is paused.
func Asleep(inst model.Instance, domain hypervisor.State) error { return NotRunning(inst, domain) }

// Down tells whether nothing runs any more.
func Down(s hypervisor.State) bool {
	return s == hypervisor.Off || s == hypervisor.Crashed || s == hypervisor.Absent
}

// Ended is an instance that was seen to have ended without holm, and what was done about it.
type Ended struct {
	Tenant string `json:"tenant"`
	Name   string `json:"name"`
	What   string `json:"what"`
	Err    error  `json:"-"`
}

// StatusOf is the word for what the record and the hypervisor say together.
func StatusOf(recorded model.State, domain hypervisor.State) string {
	switch recorded {
	case model.Creating, model.Destroying, model.Failed:
		return string(recorded)
	}
	switch domain {
	case hypervisor.Running:
		if recorded == model.Stopped {
			return string(model.Booting) // switched on by somebody else
		}
		return string(recorded)
	case hypervisor.Off:
		return string(model.Stopped)
	case hypervisor.Absent:
		return "broken"
	default:
		return string(domain)
	}
}
