package agent

import (
	"encoding/json"
	"testing"

	"holm/guest/environment"
	"holm/guest/report"
)

// The host is trusted, what lies between is not always whole: nothing of a question is kept that could not be put into force.
func FuzzQuestion(f *testing.F) {
	f.Add([]byte(`{"version":2,"nonce":"n","ask":"status","ports":[{"protocol":"tcp","number":443}],"environment":{"nameservers":["192.0.2.53"]}}`))
	f.Add([]byte(`{"version":2,"nonce":"n","ask":"environment","environment":{"proxy":{"http":"http://u:p@proxy.example:3128","not":["*"]}}}`))
	f.Add([]byte(`{"nonce":"n","ask":"status","ports":[{"protocol":"icmp","number":70000}],"environment":{}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var q report.Question
		if json.Unmarshal(line, &q) != nil {
			return
		}
		a := &Agent{}
		if err := a.tell(t.Context(), q); err != nil {
			if a.told.environment != nil || a.told.ports != nil {
				t.Errorf("it is refused (%v) and kept", err)
			}
			return
		}
		if kept := a.told.environment; kept != nil {
			if err := environment.Check(*kept); err != nil {
				t.Errorf("what is kept does not pass: %v", err)
			}
		}
		if kept := a.told.ports; kept != nil {
			if _, err := exposed(*kept); err != nil {
				t.Errorf("ports that are kept do not pass: %v", err)
			}
		}
	})
}
