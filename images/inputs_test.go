package images

import (
	"maps"
	"testing"
	"testing/fstest"
)

func TestWhateverDecidesAnImageIsAmongItsInputs(t *testing.T) {
	original, err := examplePayload().inputs(exampleLock())
	if err != nil {
		t.Fatal(err)
	}
	again, err := examplePayload().inputs(exampleLock())
	if err != nil {
		t.Fatal(err)
	}
	if !sumForm.MatchString(original) || again != original {
		t.Fatalf("inputs are %q, then %q", original, again)
	}
	for name, change := range map[string]func(*payload, *Lock){
		"a package's version": func(_ *payload, l *Lock) { l.Packages["bash"] = Pin{"9", sumOf("bash")} },
		"the epoch":           func(_ *payload, l *Lock) { l.Epoch++ },
		"the first program":   func(p *payload, _ *Lock) { p.init = []byte("other") },
		"the agent":           func(p *payload, _ *Lock) { p.agent = []byte("other") },
		"the programs, swapped": func(p *payload, _ *Lock) {
			p.init, p.agent = p.agent, p.init
		},
		"a file's content": func(p *payload, _ *Lock) {
			p.files.(fstest.MapFS)["usr/lib/holm/masked-units"].Data = []byte("other")
		},
		"a file's name": func(p *payload, _ *Lock) {
			files := p.files.(fstest.MapFS)
			files["usr/lib/holm/units"] = files["usr/lib/holm/masked-units"]
			delete(files, "usr/lib/holm/masked-units")
		},
		"a unit that is switched on": func(p *payload, _ *Lock) {
			p.links = maps.Clone(p.links)
			p.links["etc/systemd/system/more.service"] = "/usr/lib/systemd/system/more.service"
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, l := examplePayload(), exampleLock()
			change(&p, &l)
			got, err := p.inputs(l)
			if err != nil {
				t.Fatal(err)
			}
			if got == original {
				t.Error("the inputs are the same: an image that is there would be taken for this one")
			}
		})
	}
}
