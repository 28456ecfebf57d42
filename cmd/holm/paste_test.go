package main

import "testing"

func TestCommandsThatAreProposedAreOfThisRun(t *testing.T) {
	for name, c := range map[string]struct {
		env      map[string]string
		settings settings
		remedy   string
		want     string
	}{
		"as it is": {nil, settings{}, "see: holm tenant ls", "see: holm tenant ls"},
		"with another state directory": {
			nil,
			settings{state: "/srv/two"},
			"start it: holm start web --tenant acme      or remove it: holm rm web",
			"start it: holm --state /srv/two start web --tenant acme      or remove it: holm --state /srv/two rm web",
		},
		"with one of the environment": {map[string]string{"HOLM_STATE": "/srv/two"}, settings{state: "/srv/two"}, "see: holm ls", "see: holm ls"},
		"with one that sudo drops": {
			map[string]string{"HOLM_STATE": "/srv/two", "SUDO_USER": "kari"}, settings{state: "/srv/two"}, "see: holm ls", "see: sudo holm --state /srv/two ls",
		},
		"with sudo":                 {map[string]string{"SUDO_USER": "kari"}, settings{}, "holm wait web", "sudo holm wait web"},
		"with sudo said already":    {map[string]string{"SUDO_USER": "kari"}, settings{}, "run: sudo holm wait web", "run: sudo holm wait web"},
		"with another libvirt":      {nil, settings{connect: "test:///default"}, "holm doctor", "holm --connect test:///default doctor"},
		"with a name to be quoted":  {nil, settings{state: "/srv/a b"}, "holm ls", "holm --state '/srv/a b' ls"},
		"what is no command":        {nil, settings{state: "/srv/two"}, "another holm is at work", "another holm is at work"},
		"what was made by the line": {nil, settings{state: "/srv/two"}, "holm ls --state /srv/two", "holm ls --state /srv/two"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &app{getenv: func(name string) string { return c.env[name] }, settings: c.settings}
			if a.settings.state == "" {
				a.settings.state = defaultState
			}
			if a.settings.connect == "" {
				a.settings.connect = defaultConnect
			}
			a.verbs = []string{"ls", "start", "rm", "wait", "doctor", "tenant"}
			if got := a.pasted(c.remedy); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
}
