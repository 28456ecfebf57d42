//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plain is an instance of profile plain, which boots fastest: for tests that boot it often, and break it in the end.
const plain = prefix + "plain"

// needPlain makes it unless it is there.
func needPlain(t *testing.T) {
	t.Helper()
	if holm("show", plain).run(t).code == 0 {
		return
	}
	if o := holm("create", plain, "--profile", "plain").run(t); o.code != 0 {
		t.Fatalf("create %s: exit %d\n%s\nits console:\n%s", plain, o.code, o.stderr, tail(holm("logs", plain).run(t).stdout))
	}
}

func TestRebuildKeepsTheStateAndReturnsFromABadImage(t *testing.T) {
	beside(t, &plains)
	needPlain(t)
	before := show(t, plain)
	shell(t, plain, "echo kept > ~/kept")
	asRoot(t, plain, disputes)
	good := variant(t, before.Image, func(m map[string]any) { m["builder"] = "another" })
	bad := variant(t, before.Image, func(m map[string]any) {
		m["checks"].(map[string]any)["plain"] = []string{"root-readonly", "a-promise-that-nobody-keeps"}
	})

	t.Run("a good image comes in, and all else stays", func(t *testing.T) {
		o := holm("rebuild", plain, "--keep-state", "--image", good).run(t)
		if o.code != 0 {
			t.Fatalf("exit %d\n%s", o.code, o.stderr)
		}
		after := show(t, plain)
		same(t, before, after)
		testDisputed(t, after, o.stderr)
		if after.Image != good || after.Status != "ready" || after.Passed != after.Total {
			t.Errorf("it is %s with %s, %d/%d checks", after.Status, after.Image, after.Passed, after.Total)
		}
		if got := shell(t, plain, "cat ~/kept"); got != "kept" {
			t.Errorf("the file in the home says %q", got)
		}
	})
	t.Run("a bad one goes out again", func(t *testing.T) {
		had := show(t, plain).Image
		o := holm("rebuild", plain, "--keep-state", "--image", bad).run(t)
		if o.code != 8 || !strings.Contains(o.stderr, "runs its old image") || !strings.Contains(o.stderr, "a-promise-that-nobody-keeps") {
			t.Errorf("exit %d\n%s", o.code, o.stderr)
		}
		if after := show(t, plain); after.Image != had || after.Status != "ready" {
			t.Errorf("it is %s with %s", after.Status, after.Image)
		}
	})
	t.Run("its own image is given back", func(t *testing.T) {
		holm("rebuild", plain, "--keep-state", "--image", before.Image).must(t)
		holding(t, verify(t, plain))
		if v := show(t, plain); v.Undecided != 0 {
			t.Errorf("after somebody has looked, %d files are to be looked at", v.Undecided)
		}
	})
	t.Run("without --keep-state it is refused", func(t *testing.T) {
		refusal{code: 2, says: "--keep-state"}.check(t, holm("rebuild", plain))
	})
}

// disputes has root of plain change a file that the image it was made from had otherwise than the one that comes.
const disputes = `echo "the owner's" >/etc/issue
python3 - <<'END'
import json
known = "/state/image/etc.json"
image = json.load(open(known))
image["issue"]["sum"] = "0" * 64
json.dump(image, open(known, "w"))
END`

// testDisputed: the owner's version stays, the image's lies beside it, and both the rebuild and show say so, until it is gone.
func testDisputed(t *testing.T, v view, said string) {
	t.Helper()
	const open = "1 file in /etc"
	if v.Undecided != 1 || !strings.Contains(said, plain+": "+open) || !strings.Contains(holm("show", plain).must(t), open) {
		t.Errorf("of %d files the rebuild says\n%s", v.Undecided, said)
	}
	got := shell(t, plain, "sudo cat /etc/issue /var/lib/holm/etc-conflicts.json")
	if !strings.HasPrefix(got, "the owner's\n") || !strings.Contains(got, `"/etc/issue"`) {
		t.Errorf("the file and the list say\n%s", got)
	}
	asRoot(t, plain, "test -s /etc/issue.holm-new; if grep -q \"the owner's\" /etc/issue.holm-new; then exit 1; fi; rm /etc/issue.holm-new")
}

// variant publishes an image of the same files whose manifest says something else. It is gone when the test ends.
func variant(t *testing.T, digest string, change func(map[string]any)) string {
	t.Helper()
	store := filepath.Join(stateDir, "images", "sha256")
	from := filepath.Join(store, strings.TrimPrefix(digest, "sha256:"))
	content, err := os.ReadFile(filepath.Join(from, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	decode(t, string(content), &m)
	m["name"] = "e2e-variant" // nobody who asks for the newest image beside this test gets it
	change(m)
	if content, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	to := filepath.Join(store, hex.EncodeToString(sum[:]))
	if err := os.Mkdir(to, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(to); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(filepath.Join(to, "manifest.json"), content, 0o444); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vmlinuz", "initrd", "root.img"} {
		if err := os.Link(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	return "sha256:" + hex.EncodeToString(sum[:])
}
