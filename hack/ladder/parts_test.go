package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// names of parts, for a comparison.
func names(all []part) []string {
	list := []string{}
	for _, p := range all {
		list = append(list, p.name)
	}
	return list
}

func TestWhatFitsIsTakenByItsValue(t *testing.T) {
	all := []part{
		{name: "a", takes: 10 * time.Minute, bits: true},
		{name: "b", takes: 20 * time.Minute},
		{name: "c", takes: 1 * time.Minute},
	}
	for name, c := range map[string]struct {
		todo   []part
		left   time.Duration
		slower float64
		want   []string
	}{
		"all of it fits":                        {all, time.Hour, 1, []string{"a", "b", "c"}},
		"the least valuable is left":            {all, 37 * time.Minute, 1, []string{"a", "b"}},
		"a small one does not overtake":         {all, 30 * time.Minute, 1, []string{"a"}},
		"a slow machine takes less":             {all, time.Hour, 2, []string{"a"}},
		"a fast one takes more":                 {all, 20 * time.Minute, 0.5, []string{"a", "b", "c"}},
		"what is useful by halves is begun":     {all, time.Minute, 1, []string{"a"}},
		"what is not, is not":                   {all[1:], 20 * time.Minute, 1, []string{}},
		"time that is up leaves all but a half": {all, -time.Minute, 1, []string{"a"}},
		"also behind what fits":                 {[]part{all[2], all[0], all[1]}, 5 * time.Minute, 1, []string{"c", "a"}},
		"nothing is left of nothing":            {nil, time.Hour, 1, []string{}},
		"what fits by the minute has no margin": {all[2:], time.Minute, 1, []string{}},
		"what fits with the margin does":        {all[2:], 73 * time.Second, 1, []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			taken, out := fit(c.todo, c.left, c.slower)
			if diff := cmp.Diff(c.want, names(taken)); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
			if len(taken)+len(out) != len(c.todo) {
				t.Errorf("of %d parts %v are taken and %v left", len(c.todo), names(taken), names(out))
			}
		})
	}
}

func TestTheWholeLadderFitsIntoTheBudgetOfAMachineThatIsTwiceAsSlow(t *testing.T) {
	quickly, _ := fit(quick(), 75*time.Minute, 2)
	if diff := cmp.Diff(names(quick()), names(quickly)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheQuickPartsTakeHalfAnHour(t *testing.T) {
	var sum time.Duration
	for _, p := range quick() {
		sum += p.takes
	}
	if sum > 32*time.Minute {
		t.Errorf("they take %v", sum)
	}
}

func TestThePaceIsThatOfTheTests(t *testing.T) {
	unit, nested := part{tests: 100 * time.Second}, part{}
	for name, c := range map[string]struct {
		done []part
		took time.Duration
		want float64
	}{
		"twice as slow":                         {[]part{unit}, 200 * time.Second, 2},
		"two parts, as fast as the reference":   {[]part{unit, unit}, 200 * time.Second, 1},
		"what was not measured stays":           {[]part{nested}, 200 * time.Second, 3},
		"so does what took no time":             {[]part{unit}, 0, 3},
		"nothing is believed to be a miracle":   {[]part{unit}, time.Second, 0.25},
		"nor to be as slow as a machine asleep": {[]part{unit}, 24 * time.Hour, 8},
		"the reference itself is not slow":      {[]part{unit}, 100 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pace(c.done, c.took, 3); got != c.want {
				t.Errorf("it is %v, want %v", got, c.want)
			}
		})
	}
}

func TestWordsStandForParts(t *testing.T) {
	for name, c := range map[string]struct {
		words []string
		want  []string
	}{
		"nothing is the test":         {nil, []string{"unit", "k3s", "e2e"}},
		"test":                        {[]string{"test"}, []string{"unit", "k3s", "e2e"}},
		"ci":                          {[]string{"ci"}, []string{"check", "race", "k3s", "e2e"}},
		"all":                         {[]string{"all"}, names(most())},
		"a step is all parts of it":   {[]string{"e2e"}, []string{"e2e", "e2e, the rest"}},
		"steps keep the ladder's way": {[]string{"k3s", "unit", "check"}, []string{"check", "unit", "k3s"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := choose(c.words)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, names(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := choose([]string{"e2e", "everything"}); err == nil {
		t.Error("a step that nobody knows is taken")
	}
}
