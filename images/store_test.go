package images

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

// publishedAt sets when an image came into the store.
func publishedAt(t *testing.T, s *Store, m Manifest, seconds int64) {
	t.Helper()
	when := time.Unix(seconds, 0)
	if err := os.Chtimes(filepath.Join(s.imageDir(m.Digest), manifestFile), when, when); err != nil {
		t.Fatal(err)
	}
}

// variant is an image of the same name as others, of other inputs.
func variant(inputs string) Manifest {
	m := exampleManifest("debian-13")
	m.Inputs = sumOf(inputs)
	return m
}

func TestImagesAreListedByNameAndTheNewestFirst(t *testing.T) {
	s := newStore(t)
	old, newest := add(t, s, variant("old")), add(t, s, variant("new"))
	other := add(t, s, exampleManifest("alpine"))
	publishedAt(t, s, old, 1000)
	publishedAt(t, s, newest, 2000)
	publishedAt(t, s, other, 500)
	put(t, filepath.Join(s.dir, "sha256", "README"), "put here by a person")
	put(t, filepath.Join(s.dir, scratchPrefix+"build-1", "image", manifestFile), "{}")

	got, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Manifest{other, newest, old}, got); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}

func TestAStoreThatIsNotThereIsEmpty(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "none"))
	all, err := s.List()
	if err != nil || len(all) != 0 {
		t.Errorf("List returns %v, %v", all, err)
	}
	_, err = s.Get("debian-13")
	wantFault(t, err, fault.NotFound, `no image "debian-13"`)
	wantFault(t, s.Remove("sha256:"+sumOf("x"), nil), fault.NotFound, "no image")
	wantFault(t, s.Verify(t.Context(), "sha256:"+sumOf("x"), nil), fault.NotFound, "no image")
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("asking made the folder")
	}
}

func TestGetFindsAnImage(t *testing.T) {
	s := newStore(t)
	old, newest := add(t, s, variant("old")), add(t, s, variant("new"))
	publishedAt(t, s, old, 1000)
	publishedAt(t, s, newest, 2000)
	digits := strings.TrimPrefix(old.Digest, "sha256:")
	for name, c := range map[string]struct {
		ref  string
		want Manifest
	}{
		"by its name, the newest":     {"debian-13", newest},
		"by its digest":               {old.Digest, old},
		"by the digits of its digest": {digits, old},
		"by what tables show":         {old.Short(), old},
		"by twelve digits":            {digits[:12], old},
		"by eight digits":             {digits[:8], old},
		"by eight digits, marked":     {"sha256:" + digits[:8], old},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Get(c.ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetRefuses(t *testing.T) {
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	digits := strings.TrimPrefix(m.Digest, "sha256:")
	for name, ref := range map[string]string{
		"nothing":                 "",
		"a name that is unknown":  "debian-14",
		"a part of a name":        "debian",
		"seven digits":            digits[:7],
		"seven digits, marked":    "sha256:" + digits[:7],
		"only the mark":           "sha256:",
		"digits that are unknown": strings.Repeat("0", 12),
		"another digest":          "sha256:" + sumOf("another"),
		"one digit too many":      m.Digest + "0",
		"a path":                  "../images/sha256/" + digits,
		"digits that climb":       "sha256:../../../etc",
		"a name of 64 KiB":        strings.Repeat("a", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Get(ref)
			wantFault(t, err, fault.NotFound, "there is no image")
		})
	}
}

func TestDigitsThatTwoImagesShareAreTooFew(t *testing.T) {
	digest := func(tail string) string { return "sha256:" + strings.Repeat("a", 10) + strings.Repeat(tail, 54) }
	all := []Manifest{{Name: "one", Digest: digest("1")}, {Name: "two", Digest: digest("2")}, {Name: "aaaaaaaaa", Digest: digest("3")}}

	_, err := pick(all, "aaaaaaaa")
	wantFault(t, err, fault.Usage, `3 images begin with "aaaaaaaa"`)
	_, err = pick(all, "sha256:aaaaaaaaaa")
	wantFault(t, err, fault.Usage, "3 images begin with")

	for ref, want := range map[string]string{"aaaaaaaaaa1": "one", "sha256:aaaaaaaaaa2": "two", "aaaaaaaaa": "aaaaaaaaa"} {
		if got, err := pick(all, ref); err != nil || got.Name != want {
			t.Errorf("%q means %q (%v), want %q", ref, got.Name, err, want)
		}
	}
}

func TestADamagedManifestIsNamedWithWhatToDo(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, manifest string){
		"one bit of it": func(t *testing.T, manifest string) {
			spoil(t, manifest, func(b []byte) []byte { b[20] ^= 1; return b })
		},
		"its end":   func(t *testing.T, manifest string) { spoil(t, manifest, func(b []byte) []byte { return b[:100] }) },
		"all of it": func(t *testing.T, manifest string) { spoil(t, manifest, func([]byte) []byte { return nil }) },
		"it is missing": func(t *testing.T, manifest string) {
			if err := os.Remove(manifest); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			m := add(t, s, exampleManifest("debian-13"))
			dir := s.imageDir(m.Digest)
			damage(t, filepath.Join(dir, manifestFile))

			_, listErr := s.List()
			_, getErr := s.Get("debian-13")
			_, readErr := s.Get(m.Digest)
			for _, err := range []error{listErr, getErr, readErr, s.Verify(t.Context(), m.Digest, nil)} {
				wantFault(t, err, fault.CheckFailed, "image "+m.Short()+" is damaged")
				if !strings.Contains(fault.RemedyOf(err), "rm -r "+dir) {
					t.Errorf("remedy %q does not say how to be rid of it", fault.RemedyOf(err))
				}
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if all, err := s.List(); err != nil || len(all) != 0 {
				t.Errorf("after the remedy: %v, %v", all, err)
			}
		})
	}
}

func TestAnImageIsFoundByTheInputsOfItsBuild(t *testing.T) {
	s := newStore(t)
	m := add(t, s, variant("these"))
	add(t, s, variant("others"))
	got, ok, err := s.ByInputs(sumOf("these"))
	if err != nil || !ok || got.Digest != m.Digest {
		t.Errorf("found %s, %v, %v, want %s", got.Short(), ok, err, m.Short())
	}
	if got, ok, err := s.ByInputs(sumOf("unknown")); err != nil || ok {
		t.Errorf("found %s, %v for inputs that nobody built", got.Short(), err)
	}
}
