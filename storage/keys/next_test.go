package keys_test

import (
	"testing"

	"holm/internal/fault"
	"holm/storage/keys"
)

func TestNextIsWhatLeadsToTheMode(t *testing.T) {
	open, locked := keys.State{Mode: keys.Manual, Open: true}, keys.State{Mode: keys.Manual}
	file, given := keys.State{Mode: keys.Auto, Open: true}, keys.State{Mode: keys.Systemd, Open: true}
	unfinished := keys.State{Mode: keys.Auto, Open: true, Unfinished: true}
	for name, c := range map[string]struct {
		state keys.State
		mode  string
		want  keys.Step
		kind  fault.Kind
	}{
		"a key in its file is at hand":                  {file, "", keys.Nothing, 0},
		"and stays there":                               {file, keys.Auto, keys.Nothing, 0},
		"until it is locked":                            {file, keys.Manual, keys.Locking, 0},
		"a locked one is unlocked":                      {locked, "", keys.Unlocking, 0},
		"once":                                          {open, "", keys.Nothing, 0},
		"a locked one is released":                      {locked, keys.Auto, keys.Releasing, 0},
		"one that is locked is not locked again":        {locked, keys.Manual, keys.Nothing, 0},
		"systemd's is kept":                             {given, "", keys.Keeping, 0},
		"systemd's is not changed":                      {given, keys.Auto, keys.Nothing, fault.Refused},
		"what was cut short is finished":                {unfinished, "", keys.Unlocking, 0},
		"whatever is asked for":                         {unfinished, keys.Auto, keys.Releasing, 0},
		"also when it seems to have that mode already":  {unfinished, keys.Manual, keys.Locking, 0},
		"a mode that there is not":                      {file, "x", keys.Nothing, fault.Usage},
		"a mode that there is not, of systemd's either": {given, "x", keys.Nothing, fault.Usage},
	} {
		step, err := c.state.Next(c.mode)
		if step != c.want || c.kind == 0 && err != nil || c.kind != 0 && fault.KindOf(err) != c.kind {
			t.Errorf("%s: step %d, %v; want %d", name, step, err, c.want)
		}
	}
}
