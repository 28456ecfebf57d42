package agent

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/cloudinit/profiles"
	"holm/guest/boot"
	"holm/guest/renewal"
)

const sysctlFile = "/etc/sysctl.d/90-holm.conf"

// born is a guest of a profile whose first boot has just written its files.
func born(t *testing.T, profile string) (*Agent, map[string]string) {
	t.Helper()
	a := &Agent{Root: t.TempDir()}
	p := profiles.Params{InstanceID: "00112233aabb", Hostname: "web", User: "ops"}
	p.Address = mustAddress(t, "10.77.0.10")
	files, err := profiles.Files(profile, p)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for _, f := range files {
		put(t, a.Root, f.Path, string(f.Content), f.Mode)
		made[f.Path] = string(f.Content)
	}
	return a, made
}

// pretend makes the record say that the image of the last boot made something else of a file, and that it was found so.
func pretend(t *testing.T, a *Agent, path, made, found string) {
	t.Helper()
	known, err := a.knownFiles()
	if err != nil {
		t.Fatal(err)
	}
	known[path] = profileFile{digest([]byte(made)), digest([]byte(found))}
	text, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	put(t, a.Root, profileRecord, string(text), 0o600)
}

func TestAProfilesFilesAreRenewedWithTheImage(t *testing.T) {
	const old, mine = "# an older holm's\n", "# the owner's\n"
	for name, c := range map[string]struct {
		made, found, there string // what the last image made, what was put there, what is there; "" for the new image's
		stays              bool
		beside             string // what is put beside it, "" for nothing
	}{
		"the image is the same, and so is the file":         {"", "", "", false, ""},
		"the image is the same, and the owner changed it":   {"", "", mine, true, ""},
		"the seed came from a newer holm, the image stays":  {"", old, old, true, ""},
		"the image is newer":                                {old, old, old, false, ""},
		"the image is newer, the seed was from another one": {"# other\n", old, old, false, ""},
		"the image is newer, and the owner changed it":      {old, old, mine, true, renewal.Suffix},
		"the image is newer, and the owner did the same":    {old, old, "", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, made := born(t, "docker")
			if err := a.renewProfile(true); err != nil {
				t.Fatal(err)
			}
			new := made[sysctlFile]
			or := func(text string) string {
				if text == "" {
					return new
				}
				return text
			}
			pretend(t, a, sysctlFile, or(c.made), or(c.found))
			put(t, a.Root, sysctlFile, or(c.there), 0o644)
			for range 2 { // the second boot changes nothing more
				if err := a.renewProfile(false); err != nil {
					t.Fatal(err)
				}
			}
			want := new
			if c.stays {
				want = or(c.there)
			}
			if got := read(t, a.Root, sysctlFile); got != want {
				t.Errorf("it says\n%s\nwant\n%s", got, want)
			}
			if a.exists(sysctlFile+renewal.Suffix) != (c.beside != "") || a.exists(boot.ConflictsFile) != (c.beside != "") {
				t.Errorf("a version beside it is not as wanted: %q", c.beside)
			}
			if c.beside != "" && !strings.Contains(read(t, a.Root, boot.ConflictsFile), sysctlFile) {
				t.Error("it is not listed")
			}
			if got := a.undecided(); (got == 1) != (c.beside != "") {
				t.Errorf("%d files are to be looked at", got)
			}
			if c.beside != "" { // somebody has looked, and taken away what lay beside
				if err := os.Remove(a.path(sysctlFile + renewal.Suffix)); err != nil || a.undecided() != 0 {
					t.Errorf("%d files are to be looked at still (%v)", a.undecided(), err)
				}
			}
		})
	}
}

func TestAnInstanceOfAnOlderHolmGetsTheImagesFiles(t *testing.T) {
	a, made := born(t, "k3s")
	put(t, a.Root, sysctlFile, "# an older holm's\n", 0o644)
	put(t, a.Root, profiles.InstanceFile, `{"id":"00112233aabb","profile":"k3s","user":"ops"}`, 0o644)
	if err := a.renewProfile(false); err != nil {
		t.Fatal(err)
	}
	for path, want := range made {
		if path != profiles.InstanceFile && read(t, a.Root, path) != want {
			t.Errorf("%s says\n%s", path, read(t, a.Root, path))
		}
	}
	if got := read(t, a.Root, sysctlFile+".holm-old"); got != "# an older holm's\n" {
		t.Errorf("the old one says %q", got)
	}
}

func TestAFileOfTheProfileThatIsGoneIsMadeAgain(t *testing.T) {
	a, made := born(t, "plain")
	if err := a.renewProfile(true); err != nil {
		t.Fatal(err)
	}
	remove(t, a.Root, firewallFile)
	if err := a.renewProfile(false); err != nil {
		t.Fatal(err)
	}
	if got := read(t, a.Root, firewallFile); got != made[firewallFile] {
		t.Errorf("it says %q", got)
	}
}

func mustAddress(t *testing.T, text string) netip.Addr {
	t.Helper()
	address, err := netip.ParseAddr(text)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func remove(t *testing.T, root, path string) {
	t.Helper()
	if err := os.Remove(filepath.Join(root, path)); err != nil {
		t.Fatal(err)
	}
}
