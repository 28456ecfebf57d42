package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answers are of a guest in which Docker was up after 30 seconds.
func answers() map[string]string {
	stat := func(pid, name, start string) string {
		return "/proc/" + pid + "/stat:" + pid + " (" + name + ") S" + strings.Repeat(" 0", 18) + " " + start + " 0 0\n"
	}
	return map[string]string{
		"manager": "UserspaceTimestampMonotonic=4000000\n",
		"units": "Id=ssh.service\nInactiveExitTimestampMonotonic=12000000\nActiveEnterTimestampMonotonic=13500000\n\n" +
			"Id=never.service\nInactiveExitTimestampMonotonic=0\nActiveEnterTimestampMonotonic=0\n\n" +
			"Id=basic.target\nInactiveExitTimestampMonotonic=1\nActiveEnterTimestampMonotonic=9000000\n",
		"user":      "Id=docker.service\nInactiveExitTimestampMonotonic=16000000\nActiveEnterTimestampMonotonic=30000000\n",
		"steps":     "root 1.000 2.500\nconfigure 5.000 11.000\n",
		"processes": stat("700", "dockerd", "2000") + stat("600", "rootlesskit", "1700") + stat("2", "kthreadd", "0"),
	}
}

func TestRead_SpansInTheOrderOfTheirBeginnings(t *testing.T) {
	got, err := read(answers())
	if err != nil {
		t.Fatal(err)
	}
	want := []span{
		{"kernel", "kernel and initrd", 0, 4},
		{"holm", "root", 1, 2.5},
		{"holm", "configure", 5, 11},
		{"unit", "ssh.service", 12, 13.5},
		{"user", "docker.service", 16, 30},
		{"docker", "rootlesskit", 17, 20},
		{"docker", "dockerd", 20, 30},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRead_RefusesWhatIsNoAnswer(t *testing.T) {
	for name, change := range map[string]func(map[string]string){
		"no systemd":            func(a map[string]string) { a["manager"] = "" },
		"half a step":           func(a map[string]string) { a["steps"] = "root 1.0\n" },
		"a step without a time": func(a map[string]string) { a["steps"] = "root soon later\n" },
	} {
		a := answers()
		change(a)
		if spans, err := read(a); err == nil {
			t.Errorf("%s: it read %v", name, spans)
		}
	}
}

func TestTable_FitsInto80Columns(t *testing.T) {
	all := []span{{"unit", strings.Repeat("x", 60) + ".service", 0, 100}, {"check", "docker-limits", 99.99, 100}, {"host", "before", -1, 0}}
	for line := range strings.Lines(table(all, 100)) {
		if len(line) > 81 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestDraw_EscapesWhatTheGuestSays(t *testing.T) {
	if svg := string(draw([]span{{"unit", `</svg><script>`, 0, 1}}, 1)); strings.Contains(svg, "<script>") {
		t.Error(svg)
	}
}
