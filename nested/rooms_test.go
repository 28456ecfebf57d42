//go:build nested

package nested

import (
	"context"
	"strings"
	"testing"
)

// The rooms' own tests find here what the machine that compiled them may lack: md, device-mapper, and leave to use them.
func TestVolumesConformOnEveryBackend(t *testing.T) {
	thorough(t)
	thin := thinPool(t, "nested")
	said := passes(t, "HOLM_TEST_THIN="+thin+" ", "volumes", "Conform")
	for _, test := range []string{
		"TestThinVolumesConform", "TestQcow2InTheStateDirectoryConforms", "TestQcow2OnXFSConforms", "TestReflinkOnXFSConforms", "TestReflinkOnBtrfsConforms",
	} {
		if !strings.Contains(said, "--- PASS: "+test+" ") {
			t.Errorf("%s did not pass:\n%s", test, said)
		}
	}
}

func TestPoolsAreReadAsTheyAre(t *testing.T) {
	passes(t, "", "pools", ".")
}

func TestAnArrayIsMadeAndSeen(t *testing.T) {
	thorough(t)
	const files = "/var/tmp/drive?.img"
	t.Cleanup(func() {
		_ = host.do(context.Background(), "for f in "+files+"; do losetup -j $f -O NAME -n | xargs -r losetup -d; rm -f $f; done")
	})
	drives := sh(t, "for n in 1 2 3 4; do truncate -s 512M /var/tmp/drive$n.img; losetup -f --show /var/tmp/drive$n.img; done | paste -sd,")
	said := passes(t, "HOLM_TEST_DRIVES="+drives+" ", "arrays", "ARealArray")
	if !strings.Contains(said, "--- PASS: ") {
		t.Errorf("nothing passed: %s", said)
	}
}

// passes runs a room's compiled tests in the box, and returns their verdicts.
func passes(t *testing.T, env, room, only string) string {
	t.Helper()
	o := host.do(t.Context(), "cd /var/tmp && "+env+tests+"/"+room+".test -test.v -test.run "+quote(only))
	var verdicts []string
	for line := range strings.Lines(o.stdout) {
		if strings.HasPrefix(line, "--- ") || strings.Contains(line, "left out: ") {
			verdicts = append(verdicts, line)
		}
	}
	if o.code != 0 {
		t.Errorf("%s: exit %d\n%s\n%s", room, o.code, o.stdout, o.stderr)
	}
	return strings.Join(verdicts, "")
}
