//go:build e2e

package world_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"holm/e2e/world"
	"holm/internal/fault"
)

func up(t *testing.T) *world.World {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making network namespaces needs root")
	}
	w, err := world.Up(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.RemedyOf(err))
	}
	t.Cleanup(func() {
		if err := w.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

func outside(t *testing.T, w *world.World, command ...string) string {
	t.Helper()
	out, err := w.Outside(t.Context(), command[0], command[1:]...)
	if err != nil {
		t.Errorf("%v: %v", command, err)
	}
	return out
}

func TestTheWorldServes(t *testing.T) {
	w := up(t)
	t.Run("names", func(t *testing.T) { names(t, w) })
	t.Run("pages, and tells who asks", func(t *testing.T) {
		for url, want := range map[string]string{
			world.WebURL:                      "client 2001:db8:78::200\n",
			"http://web/":                     "client 2001:db8:78::200\n",
			"http://" + world.FourName:        "client 198.51.100.200\n",
			"http://[" + world.WebIPv6 + "]/": "client 2001:db8:78::200\n",
		} {
			if got := outside(t, w, "curl", "-gsSf", url); !strings.HasPrefix(got, want) {
				t.Errorf("%s says %q, want %q", url, got, want)
			}
		}
		if got := len(outside(t, w, "curl", "-sSf", world.WebURL+"/bytes/100000")); got != 100000 {
			t.Errorf("%d bytes came, want 100000", got)
		}
	})
	t.Run("the host, too", func(t *testing.T) {
		for address, client := range map[string]string{world.WebIPv4: world.HostIPv4, "[" + world.WebIPv6 + "]": world.HostIPv6} {
			out, err := exec.CommandContext(t.Context(), "curl", "-gsSf", "--noproxy", "*", "http://"+address+"/").CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "client "+client+"\n") {
				t.Errorf("%s says %q (%v), want client %s", address, out, err, client)
			}
		}
	})
	t.Run("images, to those who know its authority", func(t *testing.T) {
		answer, err := (&http.Client{Transport: w.Transport()}).Get(world.RegistryURL + "/v2/_catalog") // it answers
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("it says %s", answer.Status)
		}
		if out, err := w.Outside(t.Context(), "curl", "-sS", world.RegistryURL+"/v2/"); err == nil {
			t.Errorf("one who does not know it got %q", out)
		}
	})
	t.Run("a way through the proxy", func(t *testing.T) {
		if got := outside(t, w, "curl", "-sSf", "-x", world.ProxyURL, world.WebURL); !strings.Contains(got, "via \"1.1 proxy.corp.example") {
			t.Errorf("the page says %q", got)
		}
		outside(t, w, "curl", "-sSfk", "-x", world.ProxyURL, world.RegistryURL+"/v2/")
		if log, err := w.Log("proxy"); err != nil || !strings.Contains(log, "CONNECT "+world.RegistryName+":443") {
			t.Errorf("the proxy does not tell of the tunnel (%v): %s", err, log)
		}
	})
	t.Run("packets no larger than it is set to", func(t *testing.T) { mtu(t, w) })
	t.Run("images of Debian's software", func(t *testing.T) {
		stock, err := w.Stock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"busybox", "nginx", "postgres", "redis"} {
			_, digest, _ := strings.Cut(stock[name].Digest, "@")
			url := world.MirrorURL + "/v2/library/" + name + "/manifests/"
			for _, ref := range []string{"latest", "1", digest} {
				got := outside(t, w, "curl", "-sSfkI", "-H", "Accept: application/vnd.oci.image.manifest.v1+json", url+ref)
				if !strings.Contains(strings.ToLower(got), "docker-content-digest: "+digest) {
					t.Errorf("%s of %s is %q, want %s", ref, name, got, digest)
				}
			}
		}
	})
	t.Run("there is one at a time", func(t *testing.T) {
		if _, err := world.Up(t.Context()); fault.KindOf(err) != fault.Busy {
			t.Errorf("a second one: %v", err)
		}
	})
}

func names(t *testing.T, w *world.World) {
	for name, want := range map[string]string{
		world.WebName: world.WebIPv4, "web": world.WebIPv4, world.ElseName: world.WebIPv4, world.RegistryName: world.RegistryIPv4,
	} {
		if got := outside(t, w, "getent", "ahostsv4", name); !strings.HasPrefix(got, want+" ") {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
	if got := outside(t, w, "getent", "ahostsv6", world.SixName); !strings.HasPrefix(got, world.WebIPv6+" ") {
		t.Errorf("%s is %q", world.SixName, got)
	}
	many := strings.Count(outside(t, w, "getent", "ahostsv4", world.ManyName), "STREAM")
	if many != world.Many {
		t.Errorf("%s has %d addresses, want %d", world.ManyName, many, world.Many)
	}
	for _, name := range []string{world.MissingName, world.BrokenName, "missing.world.example"} {
		out, err := w.Outside(t.Context(), "getent", "ahostsv6", name)
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 {
			t.Errorf("%s is %q (%v), want nothing", name, out, err)
		}
	}
	if out, err := w.Outside(t.Context(), "timeout", "3", "getent", "ahosts", world.SilentName); err == nil {
		t.Errorf("%s is %q", world.SilentName, out)
	}
}

func mtu(t *testing.T, w *world.World) {
	ping := func(bytes string) bool {
		_, err := w.Outside(t.Context(), "ping", "-n", "-c1", "-W2", "-Mdo", "-s", bytes, world.HostIPv4)
		return err == nil
	}
	for _, c := range []struct {
		mtu   int
		told  bool
		large bool
		says  string
	}{{1400, true, false, "Frag needed"}, {1400, false, false, ""}, {1500, true, true, ""}} {
		if err := w.SetMTU(t.Context(), c.mtu, c.told); err != nil {
			t.Fatal(err)
		}
		if !ping("1372") {
			t.Errorf("MTU %d: a packet of 1400 bytes is lost", c.mtu)
		}
		out, err := w.Outside(t.Context(), "ping", "-n", "-c1", "-W2", "-Mdo", "-s", "1472", world.HostIPv4)
		if (err == nil) != c.large || !strings.Contains(out, c.says) || (c.says == "" && strings.Contains(out, "Frag needed")) {
			t.Errorf("MTU %d, told %v: a packet of 1500 bytes: %v, %s", c.mtu, c.told, err, out)
		}
	}
}

func TestWhatAKilledWorldLeavesIsRemoved(t *testing.T) {
	if os.Getenv("HOLM_WORLD_LEFT") != "" {
		if _, err := world.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = killSelf()
	}
	if os.Geteuid() != 0 {
		t.Skip("making network namespaces needs root")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "HOLM_WORLD_LEFT=1")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("it was not killed: %v\n%s", err, out)
	}
	if out, _ := exec.CommandContext(t.Context(), "ip", "netns", "pids", "holm-world-servers").Output(); len(out) > 0 {
		t.Errorf("its servers have outlived it: %s", out)
	}
	w := up(t)
	if err := w.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "ip", "netns", "list").Output(); err != nil || strings.Contains(string(out), "holm-world") {
		t.Errorf("there are still (%v): %s", err, out)
	}
	if _, err := os.Stat("/sys/class/net/holm-world"); err == nil {
		t.Error("the cable is still there")
	}
}

func killSelf() error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }
