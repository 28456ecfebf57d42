package agent

import (
	"strings"
	"testing"

	"holm/guest/report"
)

func TestPortsBecomeWhatIsInTheFirewallsSets(t *testing.T) {
	text, err := exposed([]report.Port{{Protocol: "tcp", Number: 8443}, {Protocol: "udp", Number: 53}, {Protocol: "tcp", Number: 8443}, {Protocol: "tcp", Number: 80}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"nftables":[{"flush":{"set":{"family":"inet","table":"holm","name":"exposed-tcp"}}},` +
		`{"add":{"element":{"family":"inet","table":"holm","name":"exposed-tcp","elem":["8443","80"]}}},` +
		`{"flush":{"set":{"family":"inet","table":"holm","name":"exposed-udp"}}},` +
		`{"add":{"element":{"family":"inet","table":"holm","name":"exposed-udp","elem":["53"]}}}]}` + "\n"
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if text, err := exposed(nil); err != nil || strings.Contains(string(text), "element") {
		t.Errorf("no ports: %s, %v", text, err)
	}
	for name, ports := range map[string][]report.Port{
		"port 0":           {{Protocol: "tcp"}},
		"another protocol": {{Protocol: "sctp", Number: 80}},
		"a set's name":     {{Protocol: "tcp\"}", Number: 80}},
		"too many":         make([]report.Port, maxExposed+1),
	} {
		if text, err := exposed(ports); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
}
