package images

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWhatOnlyRootReadsIsClosed(t *testing.T) {
	root := rootTree(t)
	put(t, filepath.Join(root, "etc/sudoers.d/README"), "")
	if err := customize(root, examplePayload()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"etc/ssh/sshd_config": 0o600, "etc/sudoers.d": os.ModeDir | 0o750} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s is %s, want %s", name, info.Mode(), want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "etc/nftables.conf")); err == nil {
		t.Error("it made a file that was not there")
	}
}
