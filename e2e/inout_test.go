//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestExecSaysHowACommandEnded(t *testing.T) {
	needWeb(t)
	for line, want := range map[string]int{
		"kill -9 $$": 137, "kill -15 $$": 143, "exit 7": 7, "exit 255": 255,
	} {
		o := guest(web, "sh", "-c", line).run(t)
		if o.code != want || o.stderr != "" {
			t.Errorf("%q: exit %d, want %d; it said %q", line, o.code, want, o.stderr)
		}
	}
	if o := guest(web, "holm-none").run(t); o.code != 127 || !strings.Contains(o.stderr, "holm-none") {
		t.Errorf("a command that is not there: exit %d, %q", o.code, o.stderr)
	}
	if got := holm("exec", "-n", web, "--", "cat").reading(strings.NewReader("mine")).must(t); got != "" {
		t.Errorf("the command has read %q of a stdin that is not its own", got)
	}
}

// Root's part of it is ended, too: what sudo runs is not the user's to signal.
func TestWhatExecStartedEndsWithIt(t *testing.T) {
	needWeb(t)
	for i, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		seconds := fmt.Sprint(98700 + i)
		words := []string{"sleep", seconds}
		if sig == syscall.SIGTERM {
			words = []string{"sudo", "sleep", seconds}
		}
		t.Run(sig.String(), func(t *testing.T) {
			cmd := guest(web, words...).command(t.Context())
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running := func() bool { return guest(web, "pgrep", "-f", "^sleep "+seconds).run(t).code == 0 }
			for range 50 {
				if running() {
					break
				}
			}
			_ = cmd.Process.Signal(sig)
			_ = cmd.Wait()
			for range 20 {
				if !running() {
					return
				}
				<-time.After(time.Second)
			}
			t.Errorf("%v still runs", words)
		})
	}
}

func TestReplacingTheUsersKeysLocksNobodyOut(t *testing.T) {
	thorough(t)
	needWeb(t)
	const list = "~/.ssh/authorized_keys"
	shell(t, web, "mkdir -p -m 700 ~/.ssh; [ ! -e "+list+" ] || cp -p "+list+" ~/keys; echo '"+publicKey+"' >"+list)
	t.Cleanup(func() {
		back := guest(web, "sh", "-c", "rm "+list+"; [ ! -e ~/keys ] || mv ~/keys "+list)
		if o := back.do(context.WithoutCancel(t.Context())); o.code != 0 { // the test's own has ended
			t.Errorf("put the list back: exit %d\n%s", o.code, o.stderr)
		}
	})
	if got := shell(t, web, "cat "+list); got != publicKey {
		t.Errorf("the list is %q", got)
	}
	if got := shell(t, web, "stat -c '%U %a' /etc/ssh/holm/ops"); got != "root 644" {
		t.Errorf("the host's key is %s", got)
	}
}

func TestThirtyDockerCommandsAtOnceAllSucceed(t *testing.T) {
	thorough(t)
	needWeb(t)
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skip("docker is not installed (package docker-cli): the context is not tested")
	}
	home := t.TempDir()
	holm("docker-context", web, "--use").with("HOME=" + home).must(t)
	block := filepath.Join(home, ".ssh", "holm", "holm-"+web+".conf")
	// Ssh looks in the home that the system knows, and not in HOME.
	ssh := filepath.Join(home, "ssh")
	socket := filepath.Join(home, "s")
	if err := os.WriteFile(ssh, []byte("#!/bin/sh\nexec /usr/bin/ssh -F "+block+" -o ControlPath="+socket+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	version := shell(t, web, "docker version -f '{{.Server.APIVersion}}'") // a newer client asks for it first, and waits two seconds
	docker := func(ctx context.Context) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "docker", "--context", "holm-"+web, "ps", "-q")
		cmd.Env = []string{"HOME=" + home, "PATH=" + home + ":/usr/bin:/bin", "DOCKER_API_VERSION=" + version}
		return cmd.CombinedOutput()
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if out, err := docker(t.Context()); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	guest(web, "true").must(t)
	shared := func(do string) ([]byte, error) {
		return exec.Command("/usr/bin/ssh", "-F", block, "-o", "ControlPath="+socket, "-O", do, "holm-"+web).CombinedOutput()
	}
	t.Cleanup(func() { _, _ = shared("exit") })
	if out, err := shared("check"); err != nil {
		t.Errorf("the next docker ps has no connection that it may share: %v: %s", err, out)
	}
}

func TestCopiesKeepModesTimesAndNames(t *testing.T) {
	needWeb(t)
	dir := t.TempDir()
	names := []string{"a b", "-x", "it's", "new\nline", `"q"`, "$HOME"}
	for i, name := range names {
		path := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, os.FileMode(0o604+i*8)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	shell(t, web, "rm -rf in; mkdir in")
	holm("cp", "-r", filepath.Join(dir, "tree"), filepath.Join(dir, "tree", names[0]), web+":in/").must(t)
	if err := os.MkdirAll(filepath.Join(dir, "back"), 0o755); err != nil {
		t.Fatal(err)
	}
	holm("cp", "-r", web+":in/tree", web+":in/a b", dir+"/back").must(t)
	for _, name := range names {
		want, err := os.Stat(filepath.Join(dir, "tree", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.Stat(filepath.Join(dir, "back", "tree", name))
		if err != nil || got.Mode() != want.Mode() || !got.ModTime().Equal(want.ModTime()) {
			t.Errorf("%q came back as %v, %v", name, got, err)
		}
	}
	if got := shell(t, web, "stat -c %a in/tree"); got != "755" {
		t.Errorf("the folder has the mode %s", got)
	}
}

func TestAnsibleReachesInstances(t *testing.T) {
	needWeb(t)
	ansible, err := exec.LookPath("ansible")
	if err != nil {
		t.Skip("ansible is not installed (package ansible-core): the inventory is not tried with it")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "holm.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec holm inventory \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), ansible, "-i", script, "profile_docker:&holm-"+web, "-m", "ping")
	cmd.Env = append(environment(stateDir), "ANSIBLE_LOCAL_TEMP="+dir, "ANSIBLE_HOME="+dir, "ANSIBLE_TIMEOUT=60")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"ping": "pong"`) {
		t.Errorf("%v: %s", err, out)
	}
	var list map[string]json.RawMessage
	decode(t, holm("inventory", "--list").must(t), &list)
	if list["tenant_default"] == nil || list["_meta"] == nil {
		t.Errorf("the inventory has %v", list)
	}
}

func TestSSHReachesAnInstanceByItsExportedConfiguration(t *testing.T) {
	needWeb(t)
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(holm("ssh-config", web).must(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "ssh", "-F", config, "holm-"+web, "hostname").CombinedOutput()
	if err != nil || !strings.Contains(string(out), web) {
		t.Errorf("%v: %s", err, out)
	}
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := strings.Replace(string(content), show(t, web).HostKey, publicKey, 1)
	if err := os.WriteFile(config, []byte(spoilt), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "ssh", "-F", config, "holm-"+web, "true").CombinedOutput(); err == nil {
		t.Errorf("another host key was believed: %s", out)
	}
}
