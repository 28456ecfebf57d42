package cli

import "testing"

func TestCommandsThatAreProposedAreOfThisRun(t *testing.T) {
	for name, c := range map[string]struct {
		env      map[string]string
		settings Settings
		remedy   string
		want     string
	}{
		"as it is": {nil, Settings{}, "see: holm tenant ls", "see: holm tenant ls"},
		"with another state directory": {
			nil,
			Settings{State: "/srv/two"},
			"start it: holm start web --tenant acme      or remove it: holm rm web",
			"start it: holm --state /srv/two start web --tenant acme      or remove it: holm --state /srv/two rm web",
		},
		"with one of the environment": {map[string]string{"HOLM_STATE": "/srv/two"}, Settings{State: "/srv/two"}, "see: holm ls", "see: holm ls"},
		"with one that sudo drops": {
			map[string]string{"HOLM_STATE": "/srv/two", "SUDO_USER": "kari"}, Settings{State: "/srv/two"}, "see: holm ls", "see: sudo holm --state /srv/two ls",
		},
		"with sudo":                 {map[string]string{"SUDO_USER": "kari"}, Settings{}, "holm wait web", "sudo holm wait web"},
		"with sudo said already":    {map[string]string{"SUDO_USER": "kari"}, Settings{}, "run: sudo holm wait web", "run: sudo holm wait web"},
		"with another libvirt":      {nil, Settings{Connect: "test:///default"}, "holm doctor", "holm --connect test:///default doctor"},
		"with a name to be quoted":  {nil, Settings{State: "/srv/a b"}, "holm ls", "holm --state '/srv/a b' ls"},
		"what is no command":        {nil, Settings{State: "/srv/two"}, "another holm is at work", "another holm is at work"},
		"what was made by the line": {nil, Settings{State: "/srv/two"}, "holm ls --state /srv/two", "holm ls --state /srv/two"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &App{Getenv: func(name string) string { return c.env[name] }, Settings: c.settings}
			if a.Settings.State == "" {
				a.Settings.State = DefaultState
			}
			if a.Settings.Connect == "" {
				a.Settings.Connect = defaultConnect
			}
			a.verbs = []string{"ls", "start", "rm", "wait", "doctor", "tenant"}
			if got := a.Pasted(c.remedy); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
}
