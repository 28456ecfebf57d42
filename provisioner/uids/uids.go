// Package uids gives each tenant a user of the host's for its QEMUs: which numbers there are, who else has them, and what a
// user has to reach. The user is a number without a name, and the group is the same number: neither is in any file of the
// host's, nobody can log in as it, and it is in no other group.
package uids

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"holm/internal/fault"
)

// Default is what users are taken from, unless the operator says otherwise. useradd gives out subordinate ids up to 600100000,
// systemd-nspawn up to 1879048191, and numbers of 2^31 and more are negative to old programs.
const Default = "2000000000-2000065535"

// What a range can be. Below the first number are users of the system, of people, and of services that systemd makes up; from
// the last one on, numbers mean "nobody" or "no change" to somebody.
const (
	lowest  = 65536
	highest = 1<<31 - 2
	fewest  = 16
)

// Range is of users, both ends included.
type Range struct{ First, Last int }

// String is as ParseRange reads it.
func (r Range) String() string { return strconv.Itoa(r.First) + "-" + strconv.Itoa(r.Last) }

// Overlaps tells whether two ranges share a number.
func (r Range) Overlaps(o Range) bool { return r.First <= o.Last && o.First <= r.Last }

// ParseRange reads "2000000000-2000065535"; a fault of kind Usage.
func ParseRange(text string) (Range, error) {
	first, last, found := strings.Cut(text, "-")
	f, errF := strconv.ParseUint(first, 10, 32)
	l, errL := strconv.ParseUint(last, 10, 32)
	if !found || errF != nil || errL != nil || f < lowest || l > highest || l < f || l-f+1 < fewest {
		return Range{}, fault.New(fault.Usage, "use for example "+Default,
			"range of users %.40q is not allowed: use FIRST-LAST, at least %d numbers from %d to %d", text, fewest, lowest, highest)
	}
	return Range{int(f), int(l)}, nil
}

// Claim is somebody else's use of numbers.
type Claim struct {
	Range
	By string // "/etc/subuid, alice"
}

// Clash refuses a range of which somebody else has a part.
func (r Range) Clash(others []Claim) error {
	for _, o := range others {
		if r.Overlaps(o.Range) {
			return fault.New(fault.Refused, "take another one: holm host set --users FIRST-LAST",
				"users %s are not holm's alone: %s has %s", r, o.By, o.text())
		}
	}
	return nil
}

func (c Claim) text() string {
	if c.First == c.Last {
		return strconv.Itoa(c.First)
	}
	return c.String()
}

// Choose returns a number of the range that was never given to anybody; a fault of kind Refused when there is none. Where it
// begins to look follows from home, so that the tenants of two state directories on one host do not come by the same numbers.
func (r Range) Choose(home string, given []int) (int, error) {
	taken := make(map[int]bool, len(given))
	for _, uid := range given {
		taken[uid] = true
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(home)) // never fails
	size := r.Last - r.First + 1
	start := int(hash.Sum32()) % size
	for i := range size {
		if uid := r.First + (start+i)%size; !taken[uid] {
			return uid, nil
		}
	}
	return 0, fault.New(fault.Refused, "give more: holm host set --users FIRST-LAST",
		"all %d users of %s were given to tenants, and none is given twice", size, r)
}

// label names a user and the group of the same number.
func label(uid int) string { return fmt.Sprintf("user %d", uid) }
