package renewal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// accounts merges the files of accounts that the upper layer has. Groups come first: users follow them.
func (m *merger) accounts() error {
	groups, err := m.table("group", nil)
	if err != nil {
		return err
	}
	users, err := m.table("passwd", groups)
	if err != nil {
		return err
	}
	for _, name := range []string{"shadow", "gshadow", "subuid", "subgid"} {
		if _, err := m.table(name, nil); err != nil {
			return err
		}
	}
	return m.chown(users, groups)
}

// table merges one file and returns which numbers have become others.
func (m *merger) table(name string, groups map[int]int) (moved map[int]int, err error) {
	t, path := tables[name], filepath.Join(m.Upper, name)
	ours, err := describe(path, []int64{})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // the image's own is seen
	case err != nil:
		return nil, err
	case ours.Kind != File:
		return nil, nil
	}
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	their, has := m.theirs[name]
	if !has || their.Text == string(text) {
		return nil, nil
	}
	own, err := t.parse(string(text))
	if err != nil {
		m.conflict(name, "", "it was not understood, and stays as it is: %v", err)
		return nil, nil
	}
	theirs, err := t.parse(their.Text)
	if err != nil {
		return nil, err
	}
	var base []account
	if m.base != nil {
		if base, err = t.parse(m.base[name].Text); err != nil {
			return nil, err
		}
	}
	result := t.merge(base, own, theirs)
	if t.group != 0 {
		t.follow(result.accounts, theirs, groups)
	}
	for _, clash := range result.clashes {
		m.conflict(name, "", "%s", clash)
	}
	if after := format(result.accounts); after != string(text) {
		err = replace(path, []byte(after), ours)
	}
	return result.moved, err
}

// chown gives files of the upper layers to the numbers that their accounts have now.
func (m *merger) chown(users, groups map[int]int) error {
	if len(users) == 0 && len(groups) == 0 {
		return nil
	}
	for _, layer := range append([]string{m.Upper}, m.Others...) {
		err := filepath.WalkDir(layer, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return follow(path, d, users, groups)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func follow(path string, d fs.DirEntry, users, groups map[int]int) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("this system does not tell owners")
	}
	user, userMoved := users[int(stat.Uid)]
	group, groupMoved := groups[int(stat.Gid)]
	if !userMoved && !groupMoved {
		return nil
	}
	if !userMoved {
		user = -1
	}
	if !groupMoved {
		group = -1
	}
	if err := os.Lchown(path, user, group); err != nil {
		return err
	}
	if kindOf(info.Mode()) == Link {
		return nil
	}
	return os.Chmod(path, info.Mode()) // chown took bits from it
}

// opaque tells whether a folder of an upper layer hides the lower one's altogether.
func opaque(dir string) bool {
	value := make([]byte, 1)
	n, err := unix.Lgetxattr(dir, "trusted.overlay.opaque", value)
	return err == nil && n == 1 && value[0] == 'y'
}
