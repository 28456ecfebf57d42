package agent

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheHostsKeyIsPutBackWhereItIsMissing(t *testing.T) {
	const key, other = "ssh-ed25519 AAAA holm\n", "ssh-ed25519 BBBB mine\n"
	for _, c := range []struct {
		name       string
		file, kept string // before; "" is not there
		wantFile   string
		wantKept   string
	}{
		{"the first boot keeps what the seed said", key, "", key, key},
		{"a file that was removed comes back", "", key, key, key},
		{"a file that was emptied comes back", "\n", key, key, key},
		{"a file that the owner has written stays", other, key, other, key},
		{"an instance from before has neither, and gets neither", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &Agent{Root: t.TempDir()}
			paths := []string{a.path("/etc/ssh/holm/ops"), a.path(accessCopy)}
			for i, content := range []string{c.file, c.kept} {
				if content == "" {
					continue
				}
				if err := os.MkdirAll(filepath.Dir(paths[i]), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(paths[i], []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.keepAccess("ops"); err != nil {
				t.Fatal(err)
			}
			for i, want := range []string{c.wantFile, c.wantKept} {
				got, _ := os.ReadFile(paths[i])
				if string(got) != want {
					t.Errorf("%s holds %q, want %q", paths[i], got, want)
				}
			}
		})
	}
}
