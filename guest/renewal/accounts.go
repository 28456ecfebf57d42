package renewal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// table is the form of a file of accounts: lines of fields parted by colons, of which the first is a name.
type table struct {
	fields int
	number int   // the field that is the account's number, 0 for none
	group  int   // the field that is the number of a group, 0 for none
	lists  []int // fields that are lists of names, parted by commas
	ranges bool  // a name may have many lines, each of them a range of numbers
}

var tables = map[string]table{
	"passwd":  {fields: 7, number: 2, group: 3},
	"group":   {fields: 4, number: 2, lists: []int{3}},
	"shadow":  {fields: 9},
	"gshadow": {fields: 4, lists: []int{2, 3}},
	"subuid":  {fields: 3, ranges: true},
	"subgid":  {fields: 3, ranges: true},
}

// account is one line of a table.
type account []string

func (a account) name() string { return a[0] }

// parse reads a table. A line of another form, which an owner may have written for some other program, is an error: what is not
// understood is not changed.
func (t table) parse(text string) ([]account, error) {
	var all []account
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		fields := strings.Split(line, ":")
		if len(fields) != t.fields || fields[0] == "" || strings.ContainsAny(fields[0], "+# \t") {
			return nil, fmt.Errorf("a line is not of %d fields behind a name: %.80q", t.fields, line)
		}
		if !t.ranges && slices.ContainsFunc(all, func(a account) bool { return a.name() == fields[0] }) {
			return nil, fmt.Errorf("%.40q is there twice", fields[0])
		}
		all = append(all, fields)
	}
	return all, nil
}

func format(all []account) string {
	var text strings.Builder
	for _, a := range all {
		text.WriteString(strings.Join(a, ":") + "\n")
	}
	return text.String()
}

// merged is what became of a table.
type merged struct {
	accounts []account
	moved    map[int]int // numbers that the new image gives to accounts which had another one
	clashes  []string    // for people
}

// merge adds the accounts of the new image, with its numbers, to the instance's own, and what the new image changed of those
// that both have, unless the instance's owner changed the same. base is nil when the old image is not known. No account is
// removed: files may still belong to it.
func (t table) merge(base, ours, theirs []account) merged {
	m := merged{moved: map[int]int{}}
	for _, own := range ours {
		m.accounts = append(m.accounts, slices.Clone(own))
	}
	if t.ranges {
		t.addRanges(&m, theirs)
		return m
	}
	for _, their := range theirs {
		i := slices.IndexFunc(m.accounts, named(their.name()))
		if i < 0 {
			if base != nil && slices.ContainsFunc(base, named(their.name())) {
				continue // the owner removed it
			}
			m.accounts = append(m.accounts, slices.Clone(their))
			continue
		}
		var old account
		if j := slices.IndexFunc(base, named(their.name())); j >= 0 {
			old = base[j]
		}
		t.mergeOne(&m, m.accounts[i], old, their)
	}
	t.findClashes(&m, ours, theirs)
	return m
}

func named(name string) func(account) bool { return func(a account) bool { return a.name() == name } }

// mergeOne changes own, field by field.
func (t table) mergeOne(m *merged, own, old, their account) {
	for i := 1; i < t.fields; i++ {
		switch {
		case own[i] == their[i]:
		case slices.Contains(t.lists, i):
			var had []string
			if old != nil {
				had = list(old[i])
			}
			own[i] = strings.Join(mergeLists(had, list(own[i]), list(their[i])), ",")
		case old != nil && own[i] == old[i]:
			if t.number != 0 && i == t.number {
				m.move(own[i], their[i])
			}
			own[i] = their[i]
		case t.number != 0 && i == t.number:
			m.clashes = append(m.clashes, fmt.Sprintf("%.40s has number %.12s here and %.12s in the image", own.name(), own[i], their[i]))
		}
	}
}

func (m *merged) move(from, to string) {
	old, err := strconv.Atoi(from)
	if err != nil {
		return
	}
	if number, err := strconv.Atoi(to); err == nil {
		m.moved[old] = number
	}
}

func list(field string) []string {
	if field == "" {
		return nil
	}
	return strings.Split(field, ",")
}

// mergeLists adds to own what theirs has more than old, and takes from it what theirs has no more.
func mergeLists(old, own, theirs []string) []string {
	var result []string
	for _, name := range own {
		if !slices.Contains(old, name) || slices.Contains(theirs, name) {
			result = append(result, name)
		}
	}
	for _, name := range theirs {
		if !slices.Contains(old, name) && !slices.Contains(result, name) {
			result = append(result, name)
		}
	}
	return result
}

// addRanges adds the ranges of names that have none.
func (t table) addRanges(m *merged, theirs []account) {
	own := len(m.accounts)
	for _, their := range theirs {
		if !slices.ContainsFunc(m.accounts[:own], named(their.name())) {
			m.accounts = append(m.accounts, slices.Clone(their))
		}
	}
}

// findClashes lists the accounts that share a number with another one since now: files of one are files of the other.
func (t table) findClashes(m *merged, ours, theirs []account) {
	if t.number == 0 {
		return
	}
	for i, a := range m.accounts {
		for _, b := range m.accounts[:i] {
			if a[t.number] == b[t.number] && !t.shared(ours, a, b) && !t.shared(theirs, a, b) {
				m.clashes = append(m.clashes, fmt.Sprintf("%.40s and %.40s have the same number, %.12s", b.name(), a.name(), a[t.number]))
			}
		}
	}
}

// shared tells whether two accounts shared a number before: some do on purpose.
func (t table) shared(all []account, a, b account) bool {
	i, j := slices.IndexFunc(all, named(a.name())), slices.IndexFunc(all, named(b.name()))
	return i >= 0 && j >= 0 && all[i][t.number] == all[j][t.number]
}

// follow gives accounts whose group has moved the group's new number. Those of the new image have it already.
func (t table) follow(all, theirs []account, moved map[int]int) {
	for _, a := range all {
		number, err := strconv.Atoi(a[t.group])
		if err != nil || slices.ContainsFunc(theirs, named(a.name())) {
			continue
		}
		if to, ok := moved[number]; ok {
			a[t.group] = strconv.Itoa(to)
		}
	}
}
