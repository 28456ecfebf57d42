package uids

import (
	"bytes"
	"slices"
	"testing"
)

func FuzzClaims(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/bash\n+::::::\n# comment\nbob:x:1000:1000::/home/bob:/bin/sh", false)
	f.Add("alice:100000:65536\nbob:4294967295:4294967295\ncarl:5:0\n", true)
	f.Add("a:-1:99999999999999999999\n::\n", true)
	f.Fuzz(func(t *testing.T, text string, ranges bool) {
		claims, err := parse(text, "/etc/subuid", ranges)
		if err != nil {
			return
		}
		for _, c := range claims {
			if c.First < 0 || c.Last < c.First {
				t.Errorf("%q claims %+v", text, c)
			}
		}
	})
}

// A list is the kernel's, but another program's work.
func FuzzACL(f *testing.F) {
	f.Add(minimal(0o660).bytes(), 2000000000)
	f.Add(minimal(0o640).with(5000).bytes(), 5000)
	f.Add([]byte{2, 0, 0, 0, 1, 0, 255, 255, 0, 0, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, content []byte, uid int) {
		l, err := parseACL(content)
		if err != nil {
			return
		}
		if !bytes.Equal(l.bytes(), content) {
			t.Errorf("%v is written as %v", content, l.bytes())
		}
		if uid < lowest || uid > highest {
			return
		}
		more := l.with(uid)
		others := slices.DeleteFunc(slices.Clone(more), func(e entry) bool { return e.is(uid) && e.Perm == readWrite })
		if len(more)-len(others) != 1 {
			t.Errorf("user %d is in %v %d times", uid, more, len(more)-len(others))
		}
		if !slices.Equal(more.with(uid), more) {
			t.Errorf("to let a user twice is not to let it once: %v", more)
		}
		if slices.ContainsFunc(more.without(uid), func(e entry) bool { return e.is(uid) }) {
			t.Errorf("user %d stays in %v", uid, more)
		}
	})
}
