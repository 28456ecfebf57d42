package rootfs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPamLeavesTheUmaskAsItIs(t *testing.T) {
	const line = "session optional\t\t\tpam_umask.so\n"
	for _, c := range []struct{ name, content, want string }{
		{"Debian's line gets the option", "# reset the umask\n" + line + "session required pam_unix.so\n", "pam_umask.so nousergroups\n"},
		{"a list without the module is an error", "session required pam_unix.so\n", ""},
		{"a list that names it twice is an error", line + line, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "etc/pam.d"), 0o755); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, sessions[0])
			if err := os.WriteFile(file, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = root.Close() }()
			if err := KeepUmask(root); (err != nil) != (c.want == "") {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(file); !strings.Contains(string(got), c.want) {
				t.Errorf("%q lacks %q", got, c.want)
			}
		})
	}
}
