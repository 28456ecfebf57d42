package renewal

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tree is a folder of files by name: a name that ends in "/" is a folder, a content that begins with "-> " a link, and " 0600: " before a
// content gives its mode.
type tree map[string]string

func (files tree) lay(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		target, isLink := strings.CutPrefix(content, "-> ")
		secret, isSecret := strings.CutPrefix(content, "0600: ")
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case isLink:
			err = os.Symlink(target, path)
		case isSecret:
			err = os.WriteFile(path, []byte(secret), 0o600)
		default:
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// found reads a folder back; folders are left out.
func found(t *testing.T, dir string) tree {
	t.Helper()
	files := tree{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.Type() == fs.ModeSymlink {
			target, err := os.Readlink(path)
			files[name] = "-> " + target
			return err
		}
		content, err := os.ReadFile(path)
		files[name] = string(content)
		if info.Mode().Perm() == 0o600 {
			files[name] = "0600: " + string(content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// image is the description of an image's /etc.
func image(t *testing.T, files tree) []byte {
	t.Helper()
	m, err := Scan(files.lay(t, filepath.Join(t.TempDir(), "etc")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// place lays the new image's /etc and what the instance wrote over the old one's.
func place(t *testing.T, theirs, ours tree) Place {
	dir := t.TempDir()
	return Place{
		Lower: theirs.lay(t, filepath.Join(dir, "lower")), Upper: ours.lay(t, filepath.Join(dir, "upper")),
		Others: []string{tree{}.lay(t, filepath.Join(dir, "var"))}, Known: filepath.Join(dir, "image", "etc.json"),
	}
}

func TestEachFileIsComparedInThreeVersions(t *testing.T) {
	for name, c := range map[string]struct {
		base, theirs, ours tree
		want               tree
		conflicts          string
	}{
		"a copy of the old image's gives way": {tree{"a": "1"}, tree{"a": "2"}, tree{"a": "1"}, tree{}, ""},
		"a copy of the new image's gives way": {tree{"a": "1"}, tree{"a": "2"}, tree{"a": "2"}, tree{}, ""},
		"a copy of what is gone goes, too":    {tree{"a": "1"}, tree{}, tree{"a": "1"}, tree{}, ""},
		"what the owner changed stays":        {tree{"a": "1"}, tree{"a": "1"}, tree{"a": "mine"}, tree{"a": "mine"}, ""},
		"what the owner made stays":           {tree{}, tree{}, tree{"d/a": "mine"}, tree{"d/a": "mine"}, ""},
		"what both changed is there twice": {
			tree{"d/a": "1"}, tree{"d/a": "0600: 2"}, tree{"d/a": "mine"}, tree{"d/a": "mine", "d/a.holm-new": "0600: 2"}, "/etc/d/a",
		},
		"what both made is there twice": {tree{}, tree{"a": "2"}, tree{"a": "mine"}, tree{"a": "mine", "a.holm-new": "2"}, "/etc/a"},
		"what the owner changed and the image lost stays": {
			tree{"a": "1"}, tree{}, tree{"a": "mine"}, tree{"a": "mine"}, "/etc/a",
		},
		"a link is compared by its target": {tree{"l": "-> a"}, tree{"l": "-> b"}, tree{"l": "-> a"}, tree{}, ""},
		"a link of the owner's stays":      {tree{"l": "-> a"}, tree{"l": "-> b"}, tree{"l": "-> c"}, tree{"l": "-> c", "l.holm-new": "-> b"}, "/etc/l"},
		"a file became a link":             {tree{"l": "a"}, tree{"l": "-> b"}, tree{"l": "a"}, tree{}, ""},
		"a link is not followed":           {tree{"l": "1"}, tree{"l": "2"}, tree{"l": "-> /etc/shadow"}, tree{"l": "-> /etc/shadow", "l.holm-new": "2"}, "/etc/l"},
		"a folder became a file":           {tree{"d/a": "1"}, tree{"d": "2"}, tree{"d/a": "1"}, tree{}, ""},
		"a folder of the owner's files stays": {
			tree{"d/a": "1"}, tree{"d": "2"}, tree{"d/a": "mine"}, tree{"d/a": "mine"}, "/etc/d/a /etc/d",
		},
		"rights of the owner's stay with the image's content": {
			tree{"a": "1"}, tree{"a": "2"}, tree{"a": "0600: 1"}, tree{"a": "0600: 2"}, "",
		},
		"rights of the image's come in with the owner's content": {
			tree{"a": "1"}, tree{"a": "0600: 1"}, tree{"a": "mine"}, tree{"a": "0600: mine"}, "",
		},
		"names of its own are the instance's": {tree{"hostname": "localhost"}, tree{"hostname": "other"}, tree{"hostname": "web"}, tree{"hostname": "web"}, ""},
		"users are merged": {
			tree{"group": "root:x:0:\n"},
			tree{"group": "root:x:0:\n_chrony:x:104:\n"},
			tree{"group": "root:x:0:\nops:x:1000:\n"},
			tree{"group": "root:x:0:\nops:x:1000:\n_chrony:x:104:\n"},
			"",
		},
		"users that are not understood stay": {
			tree{"group": "root:x:0:\n"}, tree{"group": "root:x:0:\n_chrony:x:104:\n"}, tree{"group": "+\n"}, tree{"group": "+\n"}, "/etc/group",
		},
		"an unknown old image: copies of the new one's give way": {nil, tree{"a": "2"}, tree{"a": "2"}, tree{}, ""},
		"an unknown old image: another one stays":                {nil, tree{"a": "2"}, tree{"a": "1"}, tree{"a": "1", "a.holm-new": "2"}, "/etc/a"},
		"an unknown old image: the owner's own is not listed":    {nil, tree{}, tree{"a": "1"}, tree{"a": "1"}, ""},
		"an unknown old image: users are merged": {
			nil,
			tree{"passwd": "root:x:0:0::/root:/bin/sh\n_chrony:x:103:104::/:/bin/false\n"},
			tree{"passwd": "root:x:0:0::/root:/bin/sh\n"},
			tree{"passwd": "root:x:0:0::/root:/bin/sh\n_chrony:x:103:104::/:/bin/false\n"},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := place(t, c.theirs, c.ours)
			if c.base != nil {
				if _, _, err := Renew(image(t, c.base), Place{Lower: p.Lower, Upper: t.TempDir(), Known: p.Known}); err != nil {
					t.Fatal(err)
				}
			}
			fresh := image(t, c.theirs)
			conflicts, renewed, err := Renew(fresh, p)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, conflict := range conflicts {
				paths = append(paths, conflict.Path)
			}
			if said := strings.Join(paths, " "); said != c.conflicts {
				t.Errorf("conflicts: %q, want %q", said, c.conflicts)
			}
			if got := found(t, p.Upper); !maps.Equal(got, c.want) {
				t.Errorf("the upper layer has %q, want %q", got, c.want)
			}
			if c.base == nil && !renewed {
				t.Error("it is not renewed")
			}
			if conflicts, renewed, err := Renew(fresh, p); err != nil || renewed || conflicts != nil {
				t.Errorf("a second time: %v %v %v", conflicts, renewed, err)
			}
		})
	}
}

func TestFilesFollowTheirAccountToItsNewNumber(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("left out: only root gives files away")
	}
	const passwd, group = "db:x:101:102::/:/bin/false\n", "db:x:102:\nlog:x:103:\n"
	base := tree{"passwd": passwd, "group": group}
	theirs := tree{"passwd": "db:x:104:103::/:/bin/false\n", "group": "db:x:103:\nlog:x:105:\n"}
	p := place(t, theirs, tree{"passwd": passwd + "ops:x:1000:103::/:/bin/sh\n", "group": group})
	if _, _, err := Renew(image(t, base), Place{Lower: p.Lower, Upper: t.TempDir(), Known: p.Known}); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(tree{"lib/db": "0600: x", "lib/ops": "y"}.lay(t, p.Others[0]), "lib")
	for name, owner := range map[string][2]int{"db": {101, 102}, "ops": {1000, 103}} {
		if err := os.Chown(filepath.Join(data, name), owner[0], owner[1]); err != nil {
			t.Fatal(err)
		}
	}
	if conflicts, _, err := Renew(image(t, theirs), p); err != nil || conflicts != nil {
		t.Fatalf("%v %v", conflicts, err)
	}
	if got, want := found(t, p.Upper)["passwd"], "db:x:104:103::/:/bin/false\nops:x:1000:105::/:/bin/sh\n"; got != want {
		t.Errorf("passwd is %q, want %q", got, want)
	}
	for name, owner := range map[string][2]uint32{"db": {104, 103}, "ops": {1000, 105}} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); s.Uid != owner[0] || s.Gid != owner[1] {
			t.Errorf("%s belongs to %d:%d, want %v", name, s.Uid, s.Gid, owner)
		}
	}
}

func TestWhatTheOwnerRemovedOrReplacedAsAWholeStaysSo(t *testing.T) {
	p := place(t, tree{"a": "2", "d/a": "2"}, tree{"d/a": "1"})
	if err := unix.Mknod(filepath.Join(p.Upper, "a"), unix.S_IFCHR, 0); err != nil {
		t.Skipf("left out: only root makes the overlay's marks: %v", err)
	}
	if err := unix.Setxattr(filepath.Join(p.Upper, "d"), "trusted.overlay.opaque", []byte("y"), 0); err != nil {
		t.Skipf("left out: %v", err)
	}
	if _, _, err := Renew(image(t, tree{"a": "1", "d/a": "1"}), Place{Lower: p.Lower, Upper: t.TempDir(), Known: p.Known}); err != nil {
		t.Fatal(err)
	}
	conflicts, _, err := Renew(image(t, tree{"a": "2", "d/a": "2"}), p)
	if err != nil || conflicts != nil {
		t.Fatalf("%v %v", conflicts, err)
	}
	if info, err := os.Lstat(filepath.Join(p.Upper, "a")); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		t.Errorf("the mark is %v, %v", info, err)
	}
	if content, err := os.ReadFile(filepath.Join(p.Upper, "d/a")); err != nil || string(content) != "1" {
		t.Errorf("the folder's file is %q, %v", content, err)
	}
}

func TestARenewalThatFailsIsTriedAgainAtTheNextBoot(t *testing.T) {
	p := place(t, tree{"a": "2"}, tree{"a": "mine"})
	m := Manifest{"a": {Kind: File, Size: 1, Sum: strings.Repeat("0", 64)}, "group": {Kind: File, Text: "broken\n"}}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	tree{"group": "root:x:0:\n"}.lay(t, p.Upper)
	if _, renewed, err := Renew(text, p); err == nil || renewed {
		t.Fatalf("a broken image is taken: %v", err)
	}
	if _, err := os.Stat(p.Known); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is known all the same: %v", err)
	}
}
