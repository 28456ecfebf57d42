package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"holm/internal/fault"
)

func TestVerifyFindsWhatIsNotAsItWasPublished(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, s *Store, m Manifest)
		says   string
	}{
		"one bit of the root disk": {func(t *testing.T, s *Store, m Manifest) { spoil(t, s.Path(m, m.Root), flipLastBit) }, "root.img has the digest"},
		"one bit of the kernel":    {func(t *testing.T, s *Store, m Manifest) { spoil(t, s.Path(m, m.Kernel), flipLastBit) }, "vmlinuz has the digest"},
		"the end of the initrd": {func(t *testing.T, s *Store, m Manifest) {
			spoil(t, s.Path(m, m.Initrd), func(b []byte) []byte { return b[:3] })
		}, "initrd has 3 bytes, the manifest says 6"},
		"a byte behind the root disk": {func(t *testing.T, s *Store, m Manifest) {
			spoil(t, s.Path(m, m.Root), func(b []byte) []byte { return append(b, 0) })
		}, "root.img has 5 bytes"},
		"a root disk of nothing": {func(t *testing.T, s *Store, m Manifest) {
			spoil(t, s.Path(m, m.Root), func([]byte) []byte { return nil })
		}, "root.img has 0 bytes"},
		"no kernel": {func(t *testing.T, s *Store, m Manifest) {
			if err := os.Remove(s.Path(m, m.Kernel)); err != nil {
				t.Fatal(err)
			}
		}, "it has no vmlinuz"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			m := add(t, s, exampleManifest("debian-13"))
			c.damage(t, s, m)
			err := s.Verify(t.Context(), m.Digest, nil)
			wantFault(t, err, fault.CheckFailed, c.says)
			if !strings.Contains(err.Error(), m.Short()) || !strings.Contains(fault.RemedyOf(err), "holm image rm "+m.Short()) {
				t.Errorf("error %q, remedy %q: which image?", err, fault.RemedyOf(err))
			}
		})
	}
}

func TestVerifyTellsHowFarItIs(t *testing.T) {
	s := newStore(t)
	m := exampleManifest("debian-13")
	out := stage(t, s, &m, strings.Repeat("r", 3<<20))
	m, err := s.publish(t.Context(), out, m)
	if err != nil {
		t.Fatal(err)
	}
	var steps []int64
	err = s.Verify(t.Context(), m.Digest, func(done, total int64) {
		if total != m.Bytes() {
			t.Errorf("total is %d, want %d", total, m.Bytes())
		}
		if len(steps) > 0 && done < steps[len(steps)-1] {
			t.Errorf("%d after %v", done, steps)
		}
		steps = append(steps, done)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) < 3 || steps[len(steps)-1] != m.Bytes() {
		t.Errorf("steps are %v, want some and the last to be %d", steps, m.Bytes())
	}
}

func TestVerifyStopsWithItsContext(t *testing.T) {
	s := newStore(t)
	m := exampleManifest("debian-13")
	out := stage(t, s, &m, strings.Repeat("r", 5<<20))
	m, err := s.publish(t.Context(), out, m)
	if err != nil {
		t.Fatal(err)
	}
	for name, after := range map[string]int64{"before it begins": 0, "in the middle of the root disk": 2 << 20} {
		t.Run(name, func(t *testing.T) {
			reason := errors.New("ctrl-c")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if after == 0 {
				cancel(reason)
			}
			var last int64
			err := s.Verify(ctx, m.Digest, func(done, _ int64) {
				if last = done; done >= after {
					cancel(reason)
				}
			})
			if !errors.Is(err, reason) {
				t.Errorf("error is %v, want the cause of the context", err)
			}
			if fault.KindOf(err) == fault.CheckFailed {
				t.Error("an interruption is no damage")
			}
			if last == m.Bytes() {
				t.Error("it read on to the end")
			}
		})
	}
}

func TestVerifyTakesNothingButADigest(t *testing.T) {
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	for _, digest := range []string{"", "debian-13", m.Short(), "sha256:../sha256/" + m.Digest[7:], "sha256:" + sumOf("unknown")} {
		t.Run(fmt.Sprintf("%q", digest), func(t *testing.T) {
			wantFault(t, s.Verify(t.Context(), digest, nil), fault.NotFound, "there is no image")
		})
	}
}
