package agent

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestARootThatCanBeWrittenIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		dirs  []string
		found string
	}{
		"all of it":              {[]string{"usr", "boot"}, "/ can be written"},
		"where a folder is gone": {nil, "/ can be written"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range c.dirs {
				if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			wantCheck(t, (&Agent{Root: root}).checkRoot(), "root-readonly", false, c.found)
			entries, err := os.ReadDir(root)
			if err != nil || len(entries) != len(c.dirs) {
				t.Errorf("the check left %v (%v)", entries, err)
			}
		})
	}
}

// Any other refusal than that of a read-only file system proves nothing: permissions can be changed by root.
func TestARootThatRefusesForAnotherReasonIsReported(t *testing.T) {
	got := (&Agent{Root: filepath.Join(t.TempDir(), "none")}).checkRoot()
	wantCheck(t, got, "root-readonly", false, "no such file")
}

func TestADockerSocketOfRootsIsReported(t *testing.T) {
	a := &Agent{Root: t.TempDir()}
	wantCheck(t, a.checkNoRootfulDocker(), "no-rootful-docker", true, "no /run/docker.sock")
	put(t, a.Root, "/run/docker.sock", "", 0o600)
	wantCheck(t, a.checkNoRootfulDocker(), "no-rootful-docker", false, "/run/docker.sock is there")
}

func TestTheHostKeyIsThereAndSSHListens(t *testing.T) {
	sshd, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sshd.Close() }()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := deaf.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, address string
		ok           bool
		found        string
	}{
		"both":               {"ssh-ed25519 AAAA root@web\n", sshd.Addr().String(), true, "ed25519, sshd listens"},
		"no key":             {"", sshd.Addr().String(), false, "no ed25519 host key"},
		"a key of RSA":       {"ssh-rsa AAAA root@web\n", sshd.Addr().String(), false, "no ed25519 host key"},
		"nobody who listens": {"ssh-ed25519 AAAA root@web\n", deaf.Addr().String(), false, "sshd does not listen"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Agent{Root: t.TempDir(), SSH: c.address}
			if c.key != "" {
				put(t, a.Root, hostKeyFile, c.key, 0o644)
			}
			ctx := t.Context()
			if !c.ok {
				ctx = ended(t)
			}
			wantCheck(t, a.checkHostKey(ctx), "host-key", c.ok, c.found)
		})
	}
}

func TestOnlyTheDockerProfileIsAskedForDocker(t *testing.T) {
	a := &Agent{Root: t.TempDir()}
	for profile, want := range map[string][]string{
		ProfilePlain:  {"root-readonly", "host-key"},
		ProfileDocker: {"root-readonly", "host-key", "no-rootful-docker", "docker-rootless"},
	} {
		var ids []string
		for _, c := range a.check(ended(t), Instance{Profile: profile, User: "holm-no-such-user"}) {
			ids = append(ids, c.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("checks of profile %s (-want +got):\n%s", profile, diff)
		}
	}
}

func TestWhatNeedsTimeIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		works int           // at which try
		time  time.Duration // how much there is
		tries int
		says  string // "" for success
	}{
		"at once":                    {1, time.Second, 1, ""},
		"at the third try":           {3, time.Second, 3, ""},
		"not in time":                {100, time.Second, 5, "try 4"},
		"with no time, it had a try": {100, 0, 1, "try 1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.time+time.Millisecond)
				defer cancel()
				if c.time == 0 {
					cancel()
				}
				tries := 0
				err := until(ctx, func() error {
					if tries++; tries == c.works {
						return nil
					}
					if tries == 5 {
						<-ctx.Done() // a try that is cut short knows only that
						return ctx.Err()
					}
					return fmt.Errorf("try %d", tries)
				})
				if tries != c.tries || (c.says == "") != (err == nil) || err != nil && err.Error() != c.says {
					t.Errorf("after %d tries: %v; want %d and %q", tries, err, c.tries, c.says)
				}
			})
		})
	}
}
