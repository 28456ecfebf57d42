package k3s

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextsAreFoundInTheDatastore(t *testing.T) {
	block := strings.Repeat(".", searchBlock)
	for name, c := range map[string]struct {
		content string
		want    []bool
	}{
		"one at the beginning":            {"hidden" + block, []bool{true, false}},
		"one across two reads":            {block[3:] + "hidden", []bool{true, false}},
		"one at the end of a later block": {block + block + "open", []bool{false, true}},
		"both":                            {"open hidden", []bool{true, true}},
		"a part of one":                   {block + "hidde" + block, []bool{false, false}},
		"nothing at all":                  {"", []bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "etcd", "member", "wal")
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := search(t.Context(), dir, "hidden", "open")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHolesAreJumpedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wal")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	// More than is looked through, were it not a hole.
	if _, err := f.WriteAt([]byte("hidden"), 4*searchMost); err != nil {
		t.Fatal(err)
	}
	got, err := search(t.Context(), filepath.Dir(path), "hidden")
	if err != nil || !got[0] {
		t.Errorf("%v, %v", got, err)
	}
}

func TestADatastoreThatIsNotThereIsAnError(t *testing.T) {
	if _, err := search(t.Context(), filepath.Join(t.TempDir(), "db"), "hidden"); err == nil {
		t.Error("no error")
	}
}

func TestTheAuditLogIsRead(t *testing.T) {
	const before = `{"verb":"delete","user":{"username":"old"},"impersonatedUser":{"username":"u"}}` + "\n"
	const mine = `{"verb":"create","user":{"username":"system:admin"},"impersonatedUser":{"username":"u"},"objectRef":{"resource":"secrets"}}` + "\n"
	seen := audited{by: "system:admin", verb: "create", resource: "secrets"}
	leaked := seen
	leaked.leaked = true
	for name, c := range map[string]struct {
		log  string
		from int
		want audited
	}{
		"what was there before does not count": {before, len(before), audited{}},
		"a request is found":                   {before + mine, len(before), seen},
		"a log that was begun anew":            {mine, 10 * len(mine), seen},
		"a line that is half written":          {mine + `{"verb":"ge`, 0, seen},
		"lines of others":                      {`{"verb":"get"}` + "\nno JSON\n" + mine, 0, seen},
		"the content in clear":                 {`{"requestObject":"marker"}` + "\n" + mine, 0, leaked},
		"the content as the API writes it":     {mine + `{"requestObject":"` + k3sBase64("marker") + `"}`, 0, leaked},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.log")
			if err := os.WriteFile(path, []byte(c.log), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readAudit(path, int64(c.from), "u", "marker")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(audited{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
