package verify

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const tree, heading = "../..", "| promised | how it is attacked |\n|---|---|\n"

var (
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	named    = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
	lead     = regexp.MustCompile(`(?m)^\*\*(.+?)\.\*\*`)
)

// A promise is worth as much as who tries to break it. What the documents promise names tests, and those are in the tree.
func TestEachPromiseNamesATestThatThereIs(t *testing.T) {
	there := tests(t)
	for _, name := range []string{"THREATS.md", "KEYS.md", "ISOLATION.md", "EVIDENCE.md", "AUDIT.md"} {
		text := read(t, name)
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			if !there[found[1]] {
				t.Errorf("%s names %s, and there is no such test", name, found[1])
			}
		}
		all := promises(text)
		if len(all) == 0 {
			t.Errorf("%s has no table %q", name, heading)
		}
		for promised, attack := range all {
			if promised == "" || !named.MatchString(attack) {
				t.Errorf("%s promises %q, and names no test that attacks it", name, promised)
			}
		}
	}
}

// Whatever the threat model promises in bold is in its table.
func TestNoPromiseOfTheThreatModelIsWithoutItsRow(t *testing.T) {
	text := read(t, "THREATS.md")
	_, text, _ = strings.Cut(text, "## What is promised in this version\n")
	prose, _, _ := strings.Cut(text, "\n## ")
	all, leads := promises(text), lead.FindAllStringSubmatch(prose, -1)
	if len(leads) < 10 {
		t.Fatalf("only %d promises were found", len(leads))
	}
	for _, found := range leads {
		if _, there := all[found[1]]; !there {
			t.Errorf("%q is promised, and no row names a test that attacks it", found[1])
		}
	}
}

func TestARowWithoutATestIsFound(t *testing.T) {
	got := promises("x\n\n" + heading + "| a | `TestA` |\n| b | by hand |\n\nmore\n" + heading + "| c | |\n")
	for promised, want := range map[string]bool{"a": true, "b": false, "c": false} {
		attack, there := got[promised]
		if !there || named.MatchString(attack) != want {
			t.Errorf("%q is attacked by %q (%v)", promised, attack, there)
		}
	}
}

// promises are the rows of the tables of a text: what is promised, and how it is attacked.
func promises(text string) map[string]string {
	all := map[string]string{}
	for _, table := range strings.Split(text, heading)[1:] {
		for line := range strings.Lines(table) {
			cells := strings.Split(strings.TrimSpace(line), "|")
			if len(cells) != 4 {
				break
			}
			all[strings.TrimSpace(cells[1])] = cells[2]
		}
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(tree, "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// tests are those of the whole tree, whatever they are built with.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "." && d.Name() != "..":
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(content, -1) {
			all[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
