package images

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/internal/fault"
)

func written(t *testing.T, l Lock) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestALockReadsBackAsItWasWritten(t *testing.T) {
	for name, change := range map[string]func(*Lock){
		"as it is":                         func(*Lock) {},
		"without packages":                 func(l *Lock) { l.Packages = nil },
		"without wishes":                   func(l *Lock) { l.Wanted = nil },
		"an epoch in the version":          func(l *Lock) { l.Packages["bash"] = Pin{"1:2.0~rc1-1+b1", sumOf("bash")} },
		"a version that YAML takes for 1":  func(l *Lock) { l.Packages["bash"] = Pin{"1", sumOf("bash")} },
		"a version that YAML takes for 1e": func(l *Lock) { l.Packages["bash"] = Pin{"1e3", sumOf("bash")} },
		"a version that YAML takes for a time of day": func(l *Lock) {
			l.Packages["bash"] = Pin{"1:30:00", sumOf("bash")}
		},
		"names that YAML takes for numbers":      func(l *Lock) { l.Wanted = []string{"0x10", "1e3", "077", "12"} },
		"names that YAML takes for truth values": func(l *Lock) { l.Wanted = []string{"on", "no", "true", "null"} },
		"packages with such names":               func(l *Lock) { l.Packages["no"] = Pin{"1", sumOf("no")} },
		"an image with such a name":              func(l *Lock) { l.Name, l.Suite = "yes", "off" },
	} {
		t.Run(name, func(t *testing.T) {
			l := exampleLock()
			change(&l)
			got, err := ParseLock(written(t, l))
			if err != nil {
				t.Fatalf("%v in:\n%s", err, written(t, l))
			}
			if diff := cmp.Diff(l, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("lock (-written +read):\n%s", diff)
			}
		})
	}
}

func TestALockHasOneSortedLineForEachPackage(t *testing.T) {
	want := fmt.Sprintf(`# Renewed by: holm image lock
name: debian-13
source_date_epoch: 1795132800
suite: trixie
wanted:
- bash
- libc6
packages:
  "bash": {version: "5.2.37-2+b3", sha256: "%s"}
  "libc6": {version: "2.41-12", sha256: "%s"}
`, sumOf("bash"), sumOf("libc6"))
	if diff := cmp.Diff(want, string(written(t, exampleLock()))); diff != "" {
		t.Errorf("lock (-want +got):\n%s", diff)
	}
}

func TestTheLockOfThisReleaseIsValidAndPinsWhatIsWanted(t *testing.T) {
	l, err := DefaultLock()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, l.Wanted); diff != "" {
		t.Errorf("renew debian-13.lock with \"holm image lock\": wanted packages (-builder +lock):\n%s", diff)
	}
	for _, name := range l.Wanted {
		if _, ok := l.Packages[name]; !ok {
			t.Errorf("no version of %s, which is wanted", name)
		}
	}
	if !bytes.Equal(written(t, l), debian13) {
		t.Error("debian-13.lock is not as Write would write it: a renewed lock would make a long diff")
	}
}

func TestParseLockRefuses(t *testing.T) {
	pin := func(version, sum string) func(*Lock) {
		return func(l *Lock) { l.Packages["bash"] = Pin{version, sum} }
	}
	for name, c := range map[string]struct {
		change func(*Lock)
		says   string
	}{
		"no name":                            {func(l *Lock) { l.Name = "" }, `name ""`},
		"a name that climbs":                 {func(l *Lock) { l.Name = "../x" }, `name "../x"`},
		"a name of 64 KiB":                   {func(l *Lock) { l.Name = strings.Repeat("a", 64<<10) }, "name"},
		"no suite":                           {func(l *Lock) { l.Suite = "" }, `suite ""`},
		"a suite that is an option":          {func(l *Lock) { l.Suite = "--aptopt=x" }, "suite"},
		"a suite with a second archive":      {func(l *Lock) { l.Suite = "trixie main\ndeb http://x y" }, "suite"},
		"no epoch":                           {func(l *Lock) { l.Epoch = 0 }, "source_date_epoch 0"},
		"an epoch before all time":           {func(l *Lock) { l.Epoch = -1 }, "source_date_epoch -1"},
		"an epoch that JSON cannot say":      {func(l *Lock) { l.Epoch = maxEpoch + 1 }, "source_date_epoch 253402300800"},
		"a wish that is an option":           {func(l *Lock) { l.Wanted = []string{"-o=Dpkg::Pre-Invoke::=id"} }, "wanted package"},
		"a wish that is two":                 {func(l *Lock) { l.Wanted = []string{"bash,evil"} }, "wanted package"},
		"a wish by path":                     {func(l *Lock) { l.Wanted = []string{"/tmp/evil.deb"} }, "wanted package"},
		"a wish with a release":              {func(l *Lock) { l.Wanted = []string{"bash/sid"} }, "wanted package"},
		"a wish with a version":              {func(l *Lock) { l.Wanted = []string{"bash=5"} }, "wanted package"},
		"an empty wish":                      {func(l *Lock) { l.Wanted = []string{""} }, "wanted package"},
		"a package that climbs":              {func(l *Lock) { l.Packages["../bash"] = Pin{"1", sumOf("")} }, `package "../bash"`},
		"a package in capitals":              {func(l *Lock) { l.Packages["Bash"] = Pin{"1", sumOf("")} }, `package "Bash"`},
		"a package of two lines":             {func(l *Lock) { l.Packages["bash\nevil"] = Pin{"1", sumOf("")} }, "package"},
		"no version":                         {pin("", sumOf("")), `version ""`},
		"a version that is two packages":     {pin("1,evil", sumOf("")), `version "1,evil"`},
		"a version with a blank":             {pin("1 evil", sumOf("")), `version "1 evil"`},
		"a version that begins with letters": {pin("v1", sumOf("")), `version "v1"`},
		"a version with a shell's words":     {pin("1$(id)", sumOf("")), "version"},
		"no hash":                            {pin("1", ""), `sha256 ""`},
		"a hash in capitals":                 {pin("1", strings.Repeat("A", 64)), "sha256"},
		"a hash that is too short":           {pin("1", strings.Repeat("a", 63)), "sha256"},
	} {
		t.Run(name, func(t *testing.T) {
			l := exampleLock()
			c.change(&l)
			_, err := ParseLock(written(t, l))
			wantFault(t, err, fault.Usage, c.says)
		})
	}
}

func TestParseLockRefusesWhatIsNoLock(t *testing.T) {
	good := string(written(t, exampleLock()))
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for name := 'b'; name < 'k'; name++ {
		all := strings.Repeat(fmt.Sprintf("*%c,", name-1), 9)
		bomb += fmt.Sprintf("%c: &%c [%s]\n", name, name, strings.TrimSuffix(all, ","))
	}
	for name, content := range map[string]string{
		"nothing":                  "",
		"not YAML":                 "\x00\x01\x02",
		"a list":                   "- bash\n",
		"a field that is unknown":  good + "postinst: reboot\n",
		"a field twice":            good + "name: other\n",
		"a package twice":          good + strings.Split(good, "packages:\n")[1],
		"more than 4 MiB":          good + strings.Repeat("# comment\n", maxLock/10),
		"aliases that multiply":    bomb,
		"a pin with another field": strings.ReplaceAll(good, `version: "2.41-12"`, `version: "2.41-12", url: "http://evil"`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseLock([]byte(content))
			if fault.KindOf(err) != fault.Usage || fault.RemedyOf(err) == "" {
				t.Errorf("error is %v, want one of usage with a remedy", err)
			}
		})
	}
}

func TestMovesAreWhatDiffersFromTheLock(t *testing.T) {
	bash := Package{Name: "bash", Version: "5.2.37-2+b3", SHA256: sumOf("bash")}
	libc := Package{Name: "libc6", Version: "2.41-12", SHA256: sumOf("libc6")}
	for name, c := range map[string]struct {
		installed []Package
		want      []Move
	}{
		"nothing": {[]Package{bash, libc}, nil},
		"another version": {
			[]Package{{"bash", "5.3-1", sumOf("new")}, libc},
			[]Move{{"bash", "5.2.37-2+b3", "5.3-1"}},
		},
		"the same version of another hash": {
			[]Package{{bash.Name, bash.Version, sumOf("evil")}, libc},
			[]Move{{"bash", bash.Version, bash.Version}},
		},
		"one is missing": {[]Package{bash}, []Move{{"libc6", "2.41-12", ""}}},
		"one is new": {
			[]Package{bash, libc, {"zsh", "5.9-1", sumOf("zsh")}},
			[]Move{{"zsh", "", "5.9-1"}},
		},
		"all at once, by their names": {
			[]Package{{"zsh", "5.9-1", sumOf("zsh")}, {"bash", "5.3-1", sumOf("new")}},
			[]Move{{"bash", "5.2.37-2+b3", "5.3-1"}, {"libc6", "2.41-12", ""}, {"zsh", "", "5.9-1"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, exampleLock().moves(c.installed)); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseLock(f *testing.F) {
	var good bytes.Buffer
	if err := exampleLock().Write(&good); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add([]byte("name: ab\nsuite: c\nsource_date_epoch: 1\npackages: {on: {version: 1, sha256: " + sumOf("") + "}}\n"))
	f.Add([]byte("name: &a [*a]\n"))
	f.Add([]byte("{\"name\": \"\\u0000\"}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := ParseLock(content)
		if err != nil {
			return
		}
		for _, word := range slices.Concat([]string{l.Name, l.Suite}, l.Wanted, slices.Collect(maps.Keys(l.Packages))) {
			if strings.HasPrefix(word, "-") || strings.ContainsAny(word, " ,=/\n\"'$;") {
				t.Errorf("%q reaches apt's command line", word)
			}
		}
		again, err := ParseLock(written(t, l))
		if err != nil {
			t.Fatalf("what it wrote it does not read: %v in:\n%s", err, written(t, l))
		}
		if diff := cmp.Diff(l, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("lock (-first +again):\n%s", diff)
		}
	})
}
