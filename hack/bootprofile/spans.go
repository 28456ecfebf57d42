package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// span is a part of a boot, in seconds.
type span struct {
	Group, Name string
	Begin, End  float64
}

// unitTimes has systemctl say when a unit was begun and when it was up.
const unitTimes = "--property=Id,InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic"

// questions are what is asked in the guest, as its user.
var questions = map[string][]string{
	"units":     {"systemctl", "show", "--all", "*", unitTimes},
	"user":      {"systemctl", "--user", "show", "--all", "*.service", unitTimes},
	"manager":   {"systemctl", "show", "-p", "UserspaceTimestampMonotonic"},
	"steps":     {"cat", "/run/holm-steps"},
	"processes": {"sh", "-c", "grep -H . /proc/[0-9]*/stat 2>/dev/null; true"},
}

// programs are those of rootless Docker whose starts are its phases.
var programs = []string{"rootlesskit", "slirp4netns", "dockerd", "containerd"}

// ticks of the kernel's clock in a second, in /proc: fixed, see proc_pid_stat(5).
const ticks = 100

// read makes spans of the answers.
func read(answers map[string]string) ([]span, error) {
	var spans []span
	userspace, ok := strings.CutPrefix(strings.TrimSpace(answers["manager"]), "UserspaceTimestampMonotonic=")
	micros, err := strconv.ParseUint(userspace, 10, 64)
	if !ok || err != nil {
		return nil, fmt.Errorf("systemd says of its own start: %.80q", answers["manager"])
	}
	spans = append(spans, span{"kernel", "kernel and initrd", 0, float64(micros) / 1e6})
	for line := range strings.Lines(answers["steps"]) {
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("a step reads %.80q", line)
		}
		begin, err1 := strconv.ParseFloat(f[1], 64)
		end, err2 := strconv.ParseFloat(f[2], 64)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("a step reads %.80q", line)
		}
		spans = append(spans, span{"holm", f[0], begin, end})
	}
	spans = append(spans, units("unit", answers["units"])...)
	spans = append(spans, units("user", answers["user"])...)
	spans = append(spans, phases(answers["processes"], spans)...)
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.Begin, b.Begin) })
	return spans, nil
}

// units reads the blocks of systemctl show: from when a unit was begun to when it was up.
func units(group, text string) []span {
	var spans []span
	for block := range strings.SplitSeq(text, "\n\n") {
		s := span{Group: group}
		for line := range strings.Lines(block) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			micros, _ := strconv.ParseUint(value, 10, 64)
			switch key {
			case "Id":
				s.Name = value
			case "InactiveExitTimestampMonotonic":
				s.Begin = float64(micros) / 1e6
			case "ActiveEnterTimestampMonotonic":
				s.End = float64(micros) / 1e6
			}
		}
		started := strings.HasSuffix(s.Name, ".service") || strings.HasSuffix(s.Name, ".mount") || strings.HasSuffix(s.Name, ".device")
		if started && s.Begin > 0 && s.End > s.Begin {
			spans = append(spans, s)
		}
	}
	return spans
}

// phases are those of rootless Docker's start: from each program's start to the next one's, and at last to the unit's being up.
func phases(stats string, all []span) []span {
	var spans []span
	for line := range strings.Lines(stats) {
		name := between(line, "(", ")")
		fields := strings.Fields(line[strings.LastIndex(line, ")")+1:])
		if len(fields) < 20 || !slices.Contains(programs, name) {
			continue
		}
		start, err := strconv.ParseUint(fields[19], 10, 64)
		if err != nil || slices.ContainsFunc(spans, func(s span) bool { return s.Name == name }) {
			continue
		}
		spans = append(spans, span{Group: "docker", Name: name, Begin: float64(start) / ticks})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.Begin, b.Begin) })
	for i := range spans {
		if i+1 < len(spans) {
			spans[i].End = spans[i+1].Begin
			continue
		}
		at := slices.IndexFunc(all, func(s span) bool { return s.Name == "docker.service" })
		if at >= 0 {
			spans[i].End = all[at].End
		}
	}
	return spans
}

func between(line, begin, end string) string {
	_, rest, _ := strings.Cut(line, begin)
	name, _, _ := strings.Cut(rest, end)
	return name
}

// longer leaves out what took less.
func longer(spans []span, least float64) []span {
	return slices.DeleteFunc(spans, func(s span) bool { return s.End-s.Begin < least })
}
