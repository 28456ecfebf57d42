package renewal

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestAccountsOfTheNewImageComeInAndTheOwnersOwnStay(t *testing.T) {
	const old = "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n"
	const ops = "ops:x:1000:1000::/home/ops:/bin/bash\n"
	const chrony = "_chrony:x:103:104::/var/lib/chrony:/usr/sbin/nologin\n"
	for name, c := range map[string]struct {
		base, ours, theirs string
		want               string
		moved              map[int]int
		clash              string
	}{
		"nothing is new":            {old, old + ops, old, old + ops, nil, ""},
		"a system user of its own":  {old, old + ops, old + chrony, old + ops + chrony, nil, ""},
		"the old image is unknown":  {"", old + ops, old + chrony, old + ops + chrony, nil, ""},
		"the owner removed a user":  {old + chrony, old + ops, old + chrony, old + ops, nil, ""},
		"the image lost a user":     {old + chrony, old + chrony + ops, old, old + chrony + ops, nil, ""},
		"the image changes a shell": {old, old + ops, strings.Replace(old, "/bin/bash", "/bin/dash", 1), strings.Replace(old, "/bin/bash", "/bin/dash", 1) + ops, nil, ""},
		"the owner changed the shell, the image the home": {
			old, strings.Replace(old, "/bin/bash", "/bin/zsh", 1), strings.Replace(old, "/root:", "/roots:", 1),
			strings.NewReplacer("/bin/bash", "/bin/zsh", "/root:", "/roots:").Replace(old), nil, "",
		},
		"a number of the image's moves": {
			old, old + ops, strings.Replace(old, ":101:", ":105:", 1), strings.Replace(old, ":101:", ":105:", 1) + ops, map[int]int{101: 105}, "",
		},
		"a number moved, and the old image is unknown": {
			"", old + ops, strings.Replace(old, ":101:", ":105:", 1), old + ops, nil, "sshd has number 101 here and 105 in the image",
		},
		"the owner's own user has the number of the image's new one": {
			old, old + "mine:x:103:1000::/:/bin/sh\n", old + chrony, old + "mine:x:103:1000::/:/bin/sh\n" + chrony, nil, "mine and _chrony have the same number, 103",
		},
		"two that always shared a number": {
			old, old + "toor:x:0:0::/:/bin/sh\n", old + chrony, old + "toor:x:0:0::/:/bin/sh\n" + chrony, nil, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := mergeTexts(t, "passwd", c.base, c.ours, c.theirs)
			if text := format(got.accounts); text != c.want {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
			if len(got.moved)+len(c.moved) > 0 && !maps.Equal(got.moved, c.moved) {
				t.Errorf("moved %v, want %v", got.moved, c.moved)
			}
			if said := strings.Join(got.clashes, "; "); said != c.clash {
				t.Errorf("clashes %q, want %q", said, c.clash)
			}
		})
	}
}

// mergeTexts merges the texts of a table; an empty base is an unknown one.
func mergeTexts(t *testing.T, name, base, ours, theirs string) merged {
	t.Helper()
	parse := func(text string) []account {
		all, err := tables[name].parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	return tables[name].merge(parse(base), parse(ours), parse(theirs))
}

func TestMembersOfGroupsAreMergedOneByOne(t *testing.T) {
	for name, c := range map[string]struct{ base, ours, theirs, want string }{
		"the owner joined":                     {"", "ops", "", "ops"},
		"the image has a member more":          {"a", "a,ops", "a,b", "a,ops,b"},
		"the image lost a member":              {"a,b", "a,b,ops", "a", "a,ops"},
		"the owner threw one out":              {"a,b", "a", "a,b", "a"},
		"both have the same one more":          {"", "x", "x", "x"},
		"everybody left, and nobody was there": {"a", "a", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := mergeTexts(t, "group", "adm:x:4:"+c.base+"\n", "adm:x:4:"+c.ours+"\n", "adm:x:4:"+c.theirs+"\n")
			if text := format(got.accounts); text != "adm:x:4:"+c.want+"\n" {
				t.Errorf("got %q, want members %q", text, c.want)
			}
		})
	}
}

func TestRangesOfWhoHasSomeStay(t *testing.T) {
	got := mergeTexts(t, "subuid", "", "ops:100000:65536\nops:300000:65536\n", "ops:500000:65536\nci:165536:65536\nci:900000:10\n")
	if want := "ops:100000:65536\nops:300000:65536\nci:165536:65536\nci:900000:10\n"; format(got.accounts) != want {
		t.Errorf("got %q", format(got.accounts))
	}
}

func TestATableOfAnotherFormIsNotUnderstood(t *testing.T) {
	for name, text := range map[string]string{
		"too few fields":    "root:x:0:0\n",
		"too many":          "root:x:0:0:root:/root:/bin/bash:more\n",
		"no name":           ":x:0:0:root:/root:/bin/bash\n",
		"NIS":               "+::::::\n",
		"a comment":         "#root:x:0:0:root:/root:/bin/bash\n",
		"one name twice":    "a:x:1:1::/:/\na:x:2:2::/:/\n",
		"a blank in a name": "a b:x:1:1::/:/\n",
	} {
		if _, err := tables["passwd"].parse(text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzMergeLosesNoAccountOfTheOwners(f *testing.F) {
	f.Add("a:x:1:1::/:/\n", "a:x:2:1::/:/\nb:x:3:3::/:/\n", "a:x:1:1::/:/\nc:x:3:1::/:/\n")
	f.Fuzz(func(t *testing.T, baseText, oursText, theirsText string) {
		base, baseErr := tables["passwd"].parse(baseText)
		ours, oursErr := tables["passwd"].parse(oursText)
		theirs, theirsErr := tables["passwd"].parse(theirsText)
		if baseErr != nil || oursErr != nil || theirsErr != nil {
			return
		}
		got := tables["passwd"].merge(base, ours, theirs)
		for i, a := range ours {
			if got.accounts[i].name() != a.name() {
				t.Fatalf("%q is gone", a)
			}
		}
		again, err := tables["passwd"].parse(format(got.accounts))
		if err != nil || !slices.EqualFunc(again, got.accounts, slices.Equal[account]) {
			t.Fatalf("it reads back as %q: %v", again, err)
		}
	})
}
