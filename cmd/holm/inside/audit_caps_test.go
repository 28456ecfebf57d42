package inside

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "holm/api/v1"
	"holm/cmd/holm/clitest"
	"holm/guest/report"
	"holm/internal/term"
)

func TestAdviceDropsWhatWasNotUsed(t *testing.T) {
	many := []string{"CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW"}
	for name, c := range map[string]struct {
		who  report.Consumer
		want *v1.CapabilityAdvice
	}{
		"a container that used one": {
			report.Consumer{Kind: "container", Effective: many, Used: []string{"CAP_NET_BIND_SERVICE"}},
			&v1.CapabilityAdvice{DockerFlags: []string{"--cap-drop=ALL", "--cap-add=NET_BIND_SERVICE"}},
		},
		"a container that used none": {
			report.Consumer{Kind: "container", Effective: many},
			&v1.CapabilityAdvice{DockerFlags: []string{"--cap-drop=ALL"}},
		},
		"a pod": {
			report.Consumer{Kind: "pod", Effective: many, Used: []string{"CAP_CHOWN"}},
			&v1.CapabilityAdvice{SecurityContext: &v1.SecurityContext{Capabilities: v1.Capabilities{Drop: []string{"ALL"}, Add: []string{"CHOWN"}}}},
		},
		"one that needs all it holds":  {report.Consumer{Kind: "container", Effective: many, Used: many}, nil},
		"one that holds nothing":       {report.Consumer{Kind: "container"}, nil},
		"a process of the guest's own": {report.Consumer{Kind: "process", Effective: many}, nil},
		"a guest that would have more pasted": {
			report.Consumer{Kind: "container", Effective: many, Used: []string{"CAP_X; rm -rf /", "CAP_--privileged"}},
			&v1.CapabilityAdvice{DockerFlags: []string{"--cap-drop=ALL"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, adviseOn(c.who)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuditCapsShowsWhoUsesWhat(t *testing.T) {
	w := newWorld()
	w.Caps = report.Capabilities{Watched: 5, Dropped: 2, Subject: []report.Consumer{
		{Kind: "process", Name: "ssh\x1b[2Jd", User: "root", Effective: []string{"CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SETGID"}, Used: []string{"CAP_SETUID"}},
		{Kind: "container", Name: "nginx", User: "100000", UserNS: true, Effective: []string{"CAP_NET_RAW", "CAP_CHOWN"}, Used: []string{"CAP_CHOWN"}},
	}}
	got := w.RunOn(t, clitest.Terminal(""), "audit-caps", "web", "--watch", "5s")
	for _, want := range []string{"4 caps", "own    net_raw chown", "--cap-drop=ALL", "2 subjects"} {
		if !strings.Contains(got.Out+got.Err, want) {
			t.Errorf("%q is not in what is shown:\n%s%s", want, got.Out, got.Err)
		}
	}
	if strings.Contains(got.Out, "\x1b[2J") {
		t.Error("a guest's escape sequence reached the terminal")
	}
	for line := range strings.Lines(got.Out) {
		if len([]rune(line)) > 81 {
			t.Errorf("the line is %d columns wide: %s", len([]rune(line)), line)
		}
	}
	var doc v1.CapabilityAudit
	if err := json.Unmarshal([]byte(w.Run(t, "audit-caps", "web", "-o", "json").Out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Subjects) != 2 || doc.Subjects[1].Advice == nil || doc.Watched != 5 {
		t.Errorf("got %+v", doc)
	}
}

func TestAuditCapsRefusesAStrangeTime(t *testing.T) {
	for _, long := range []string{"0s", "11m", "-5s", "soon", "5"} {
		if got := newWorld().RunOn(t, func(*term.Streams) {}, "audit-caps", "web", "--watch", long); got.Code != 2 || !strings.Contains(got.Err, long) {
			t.Errorf("%s: exit %d\n%s", long, got.Code, got.Err)
		}
	}
}
