package provisioner

import (
	"encoding/json"
	"strings"
	"testing"

	"holm/guest/report"
	"holm/provisioner/guestlink"
	"holm/provisioner/model"
	"holm/provisioner/verify"
)

// FuzzReport holds a line of a hostile guest to all that is believed of it.
func FuzzReport(f *testing.F) {
	whole, err := json.Marshal(report.Report{
		Version: report.Version, Nonce: "n", Stage: report.StageChecked, BootID: "0d9f1f9c-5d5c-4b3a-9f5e-0123456789ab",
		MachineID: strings.Repeat("a1", 16), Kernel: "6.12", Bait: 40001,
		HostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRMdGYzBWeHfPC0hSsG6hGzN8S0wSbE8gUmZ3QkvfTq",
		Checks:  []report.Check{{ID: "root-readonly", Outcome: report.Passed, Tried: "write", Found: "EROFS"}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"nonce":"n","checks":[{"id":"a"},{"id":"a"}],"clock":"9999-99-99T00:00:00Z"}`))
	f.Add([]byte(`{"nonce":"n","stage":"\u001b[2J","note":"\u202e","bait":-1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, ok := guestlink.ParseReport(line, "n")
		if !ok {
			return
		}
		answer := verify.NewAnswer()
		answer.Tell(verify.Said{Report: r})
		answer.End()
		if guestlink.Accept(model.Instance{}, r) == nil && strings.ContainsAny(r.HostKey+r.BootID+r.MachineID+r.Kernel, "\n\x1b") {
			t.Errorf("accepted: %+v", r)
		}
		if guestlink.AcceptChecks(r.Checks) != nil {
			return
		}
		for _, got := range verify.FromGuest([]string{"root-readonly", "other"}, r.Checks, "why") {
			if strings.ContainsAny(got.Tried+got.Found, "\n\x1b") || got.ID != "root-readonly" && got.ID != "other" {
				t.Errorf("%+v", got)
			}
		}
	})
}
