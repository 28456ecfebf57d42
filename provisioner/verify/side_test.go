package verify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/guest/report"
)

// What stands under host is a word of the host's: a guest that is silent, or says whatever it likes, moves none of it.
func TestNoWordOfTheGuestsMovesWhatTheHostSaw(t *testing.T) {
	sees := func(b *bench) []Result {
		var host []Result
		for _, r := range b.env.Run(t.Context(), b.subject) {
			if r.Side == Host {
				host = append(host, r)
			}
		}
		return host
	}
	b := newBench(t)
	want := sees(b)
	if len(want) < 10 {
		t.Fatalf("the host saw only %d things", len(want))
	}
	for name, says := range map[string]func(){
		"silent": b.silence,
		"lying": func() {
			b.tell(func(s *Said) {
				s.Report = report.Report{Kernel: "6.6.6", BootID: "b-2", Bait: 22, Clock: s.Heard.Add(-time.Hour), HostKey: "none"}
			})
		},
	} {
		says()
		if diff := cmp.Diff(want, sees(b), cmpopts.IgnoreFields(Result{}, "Millis")); diff != "" {
			t.Errorf("a %s guest: -want +got:\n%s", name, diff)
		}
	}
}
