// Package volumestest is what every backend of volumes has to keep to, whatever it keeps them in. A backend's tests call
// Conformance.
package volumestest

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/volumes"
)

// The volumes that the suite makes.
const (
	A = "0123456789ab"
	B = "ba9876543210"
	C = "cccccccccccc"
)

// Place is an empty pool and what a test has to be able to do to it from outside.
type Place struct {
	Backend volumes.Backend
	// Leave puts there what a Create of that id leaves that was killed before it was complete.
	Leave func(t *testing.T, id string)
	// Names lists everything that lies there, sorted, also what is no volume.
	Names func(t *testing.T) []string
	// Plant puts something there that holm did not make, where the volume would be: a link to victim for files.
	Plant func(t *testing.T, id, victim string)
	// Free is how many bytes are free; nil when clones are copies here.
	Free func(t *testing.T) int64
	// Fill takes all space; nil, with the reason in NoFill, where that cannot be done.
	Fill   func(t *testing.T)
	NoFill string
}

// Conformance runs the suite. open is called for each test and returns an empty place.
func Conformance(t *testing.T, open func(t *testing.T) Place) {
	if _, err := run.Look("qemu-io"); err != nil {
		t.Skipf("left out: %v: %s", err, fault.RemedyOf(err))
	}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s suite)
	}{
		{"an empty place has no volumes and says so", testEmpty},
		{"a blank volume is private, sparse and reads as zeros", testBlank},
		{"a volume that exists is never touched", testExisting},
		{"of many creates at once one wins", testAtOnce},
		{"a size that is not possible is refused", testSizes},
		{"an id that is none reaches nothing", testHostileIDs},
		{"what a killed create left is in nobody's way", testKilled},
		{"an ended context leaves nothing", testEnded},
		{"removing takes one volume, and again is no error", testRemove},
		{"a volume grows and keeps what is in it", testGrow},
		{"a volume does not shrink", testShrink},
		{"a volume that a guest has open is not pulled from under it", testOpen},
		{"an encrypted volume is opened by its key alone", testEncrypted},
		{"what was lent for a start opens a volume until it is revoked", testLend},
		{"a wiped volume is opened by nobody", testWipe},
		{"a clone and its origin have nothing to do with each other", testClone},
		{"a clone copies nothing", testCloneIsCheap},
		{"what holm did not make is left alone", testForeign},
		{"a full place says so and keeps nothing half done", testFull},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := suite{Place: open(t)}
			if err := s.Backend.Prepare(t.Context()); err != nil {
				t.Fatalf("prepare: %v", err)
			}
			test.run(t, s)
		})
	}
}

type suite struct{ Place }

func testEmpty(t *testing.T, s suite) {
	if err := s.Backend.Prepare(t.Context()); err != nil {
		t.Errorf("prepare again: %v", err)
	}
	s.has(t)
	_, err := s.Backend.Usage(t.Context(), A)
	for what, err := range map[string]error{
		"usage": err, "grow": s.Backend.Grow(t.Context(), A, 1, false), "clone": s.Backend.Clone(t.Context(), A, B),
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of a missing volume: %v, want fs.ErrNotExist", what, err)
		}
	}
	if err := s.Backend.Remove(t.Context(), A); err != nil {
		t.Errorf("remove a missing volume: %v", err)
	}
	s.has(t)
}

func testSizes(t *testing.T, s suite) {
	s.create(t, A, 1)
	for _, gib := range []int{0, -1, volumes.MaxGiB + 1} {
		for what, err := range map[string]error{
			"create": s.Backend.Create(t.Context(), B, gib, nil),
			"grow":   s.Backend.Grow(t.Context(), A, gib, false),
		} {
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("%s, %d GiB: %v, want a fault of kind Usage", what, gib, err)
			}
		}
	}
	s.has(t, A)
}

func testHostileIDs(t *testing.T, s suite) {
	s.create(t, A, 1)
	before := s.Names(t)
	for _, id := range []string{
		"", ".", "..", "../" + A, A + "/..", "/etc/passwd", "0123456789AB", "0123456789a", "0123456789abc", "-123456789ab",
		"0123456789a\n", "0123456789a\x00", "01234 6789ab", "@holm", "*", "json:{}", strings.Repeat("a", 5000),
	} {
		_, usage := s.Backend.Usage(t.Context(), id)
		for what, err := range map[string]error{
			"create": s.Backend.Create(t.Context(), id, 1, nil), "clone from": s.Backend.Clone(t.Context(), id, B),
			"clone to": s.Backend.Clone(t.Context(), A, id),
			"remove":   s.Backend.Remove(t.Context(), id), "usage": usage, "grow": s.Backend.Grow(t.Context(), id, 2, false),
		} {
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("%s %.20q: %v, want a fault of kind Usage", what, id, err)
			}
		}
	}
	if after := s.Names(t); !slices.Equal(before, after) {
		t.Errorf("there is %q now, was %q", after, before)
	}
}
