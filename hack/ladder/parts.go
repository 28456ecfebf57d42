package main

import (
	"slices"
	"time"
)

// part is what is taken or left out as a whole. Its times are those of a machine with two processors that emulates its guests;
// others are faster or slower by one factor, which the first steps measure.
type part struct {
	name, about string

	step  string        // with which others it runs
	takes time.Duration // by the clock, with everything compiled
	tests time.Duration // what go test counts, in which packages side by side add up; 0 where that measures nothing
	bits  bool          // a half of it is worth having: its tests stand for themselves, and need nothing dear to be set up
}

// parts are all there is, the most valuable minute first.
var parts = []part{
	{
		name: "check", step: "check", takes: 100 * time.Second, bits: true,
		about: "vet, lint, scripts, known vulnerabilities (building the linter takes minutes, once)",
	},
	{
		name: "race", step: "race", takes: 180 * time.Second, tests: 260 * time.Second, bits: true,
		about: "the unit tests under the race detector",
	},
	{
		name: "unit", step: "unit", takes: 90 * time.Second, tests: 130 * time.Second, bits: true,
		about: "tables, goldens, fakes, fuzz seeds; the hypervisor room against libvirt's test driver",
	},
	{
		name: "k3s", step: "k3s", takes: 70 * time.Second, tests: 50 * time.Second, bits: true,
		about: "what the profile renders, read by the real kube-apiserver (its first build takes minutes)",
	},
	{
		name: "e2e", step: "e2e", takes: 1700 * time.Second, tests: 1690 * time.Second, bits: true,
		about: "the real binary, the real libvirt, real guests (in lab mode where KVM does not work)",
	},
	{
		name: "nested", step: "nested", takes: 430 * time.Second,
		about: "a whole host in a box, with KVM, AppArmor, and drives that can be pulled",
	},
	{
		name: "package", step: "package", takes: 150 * time.Second,
		about: "installed, used, upgraded and removed in clean trees of Debian 12 and 13",
	},
	{
		name: "e2e, the rest", step: "e2e", takes: 630 * time.Second, tests: 630 * time.Second,
		about: "what is dear to show on real guests, and seldom breaks alone",
	},
	{
		name: "nested, the rest", step: "nested", takes: 590 * time.Second,
		about: "LVM, arrays, a host that is reset, every backend of volumes",
	},
}

// quick, ci and most are what "make test", CI and "make test-all" do of them. The unit tests run once, with the race detector or
// without.
func quick() []part { return named("unit", "k3s", "e2e") }
func ci() []part    { return named("check", "race", "k3s", "e2e") }
func most() []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.name == "unit" })
}

// named are the parts of these names.
func named(names ...string) (chosen []part) {
	for _, p := range parts {
		if slices.Contains(names, p.name) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// ofSteps are the parts that belong to the steps.
func ofSteps(all []part, steps ...string) (chosen []part) {
	for _, p := range all {
		if slices.Contains(steps, p.step) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// steps are the steps that the parts need, in the order in which they run.
func steps(all []part) (names []string) {
	for _, p := range all {
		if !slices.Contains(names, p.step) {
			names = append(names, p.step)
		}
	}
	return names
}

// margin is for what differs from one run to the next.
const margin = 1.2

// fit takes of the parts, most valuable first, what can be done in the time left by a machine that is slower by a factor, and
// leaves the least valuable. The first that does not fit is begun even so when a half of it is worth having.
func fit(all []part, left time.Duration, slower float64) (taken, out []part) {
	var sum time.Duration
	for i, p := range all {
		sum += time.Duration(float64(p.takes) * slower * margin)
		if sum > left {
			if p.bits {
				i++
			}
			return all[:i], all[i:]
		}
	}
	return all, nil
}

// pace is how much slower than the reference a machine is, by what the tests of some parts took in it. Without a measure it
// is what it was.
func pace(done []part, took time.Duration, was float64) float64 {
	var expected time.Duration
	for _, p := range done {
		expected += p.tests
	}
	if expected == 0 || took == 0 {
		return was
	}
	return min(max(float64(took)/float64(expected), 0.25), 8)
}
