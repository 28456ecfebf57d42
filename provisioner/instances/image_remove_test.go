package instances_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"holm/provisioner/instances"
)

// shop keeps images, and knows who uses them.
type shop struct {
	held  bool
	users map[string][]string
	calls []string
}

func (s *shop) WithImageUsers(_ context.Context, do func(map[string][]string) error) error {
	s.held = true
	defer func() { s.held = false }()
	return do(s.users)
}

func (s *shop) Remove(digest string, usedBy []string) error {
	if len(usedBy) > 0 || !s.held {
		return errors.New("in use")
	}
	s.calls = append(s.calls, digest)
	return nil
}

func TestImagesAreRemovedWhileNobodyBeginsToUseThem(t *testing.T) {
	s := &shop{users: map[string][]string{"b": {"web"}}}
	var told []string
	err := instances.ImageRemover{Users: s, Store: s}.Remove(t.Context(), []string{"a", "b", "c"}, func(d string) { told = append(told, d) })
	if err == nil || !slices.Equal(s.calls, []string{"a"}) || !slices.Equal(told, s.calls) {
		t.Errorf("removed %q, told of %q: %v", s.calls, told, err)
	}
}
