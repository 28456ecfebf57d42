package fault_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

var update = flag.Bool("update", false, "write docs/ERRORS.md anew")

// root is the repository's folder.
const root = "../.."

func TestCatalogue_EachCodeOnce(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[fault.Code]bool{}
	meanings := map[string]bool{}
	for _, e := range fault.Catalogue() {
		if !form.MatchString(string(e.Code)) || seen[e.Code] {
			t.Errorf("%q is no code, or is there twice", e.Code)
		}
		// Names are taken in more than one room.
		if meanings[e.Meaning] && e.Meaning != "the name is taken" {
			t.Errorf("%q means what another code does", e.Code)
		}
		seen[e.Code], meanings[e.Meaning] = true, true
		if e.HTTP < 400 || e.HTTP > 599 || e.Code.HTTP() != e.HTTP || e.Code.Kind() != e.Kind || e.Kind.Code().Kind() != e.Kind {
			t.Errorf("%s: kind %d, HTTP %d", e.Code, e.Kind, e.HTTP)
		}
	}
}

// uses are the calls of fault.New and Sentinel in the program, by the code's name in Go, each with the text of its whole expression.
func uses(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal/fault/") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, content, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			text := string(content[set.Position(call.Pos()).Offset:set.Position(call.End()).Offset])
			if m := regexp.MustCompile(`^fault\.(?:New|Sentinel)\(\s*fault\.([A-Z]\w+)`).FindStringSubmatch(text); m != nil {
				found[m[1]] = append(found[m[1]], fmt.Sprintf("%s: %s", set.Position(call.Pos()), text))
				// What is chained to it was found before, as the longer expression: it is looked at once.
				return false
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// goName is how the program says a code: instance-not-found is InstanceNotFound.
func goName(code fault.Code) string {
	var b strings.Builder
	for word := range strings.SplitSeq(string(code), "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func TestCatalogue_EachCodeIsUsed(t *testing.T) {
	found := uses(t)
	var elsewhere bytes.Buffer
	for _, dir := range []string{"provisioner", "internal/fault", "cmd"} {
		_ = filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && filepath.Base(path) != "catalogue.go" {
				content, _ := os.ReadFile(path)
				elsewhere.Write(content)
			}
			return nil
		})
	}
	for _, e := range fault.Catalogue() {
		name := goName(e.Code)
		if e.Kind.Code() == e.Code || len(found[name]) > 0 {
			continue
		}
		// Some are chosen by what has happened, such as that the time is up.
		if !regexp.MustCompile(`(fault\.|f\.Code = |return fault\.)` + name + `\b`).Match(elsewhere.Bytes()) {
			t.Errorf("%s is promised, and nobody says it", e.Code)
		}
	}
}

func TestCatalogue_ParametersArePassed(t *testing.T) {
	makers := map[fault.Key]string{
		fault.InstanceKey: "Instance", fault.TenantKey: "Tenant", fault.PoolKey: "Pool", fault.FlavorKey: "Flavor", fault.ImageKey: "Image",
		fault.NetworkKey: "Network", fault.PathKey: "Path", fault.ProgramKey: "Program", fault.PortKey: "Port", fault.PlaceKey: "Places",
		fault.UnitKey: "Unit", fault.AskedKey: "Asked", fault.UsedKey: "Used", fault.LimitKey: "Limit", fault.FreeKey: "Free",
	}
	found := uses(t)
	for _, e := range fault.Catalogue() {
		for _, call := range found[goName(e.Code)] {
			for _, key := range e.Params {
				if makers[key] == "" || !strings.Contains(call, "fault."+makers[key]+"(") && !strings.Contains(call, "fault.Sentinel") {
					t.Errorf("%s promises %s, which is not passed in %s", e.Code, key, call)
				}
			}
		}
	}
}

func TestCatalogue_IsInTheDocuments(t *testing.T) {
	path := filepath.Join(root, "docs", "ERRORS.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "| code | exit | HTTP | meaning | parameters |\n"
	head, _, ok := strings.Cut(string(content), mark)
	if !ok {
		t.Fatalf("%s has no table", path)
	}
	var table strings.Builder
	table.WriteString(mark + "|---|---|---|---|---|\n")
	for _, e := range fault.Catalogue() {
		keys := make([]string, len(e.Params))
		for i, k := range e.Params {
			keys[i] = string(k)
		}
		_, _ = fmt.Fprintf(&table, "| `%s` | %d | %d | %s | %s |\n", e.Code, e.Kind, e.HTTP, e.Meaning, strings.Join(keys, ", "))
	}
	if *update {
		if err := os.WriteFile(path, []byte(head+table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(head+table.String(), string(content)); diff != "" {
		t.Errorf("renew it with go test ./internal/fault -update (-want +got):\n%s", diff)
	}
}
