package docker

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/report"
)

const allCaps = 1<<41 - 1

// recordedDocker is a run as it was in a guest that keeps its promises.
func recordedDocker(t *testing.T) *checkRun {
	t.Helper()
	uids := []mappedIDs{{0, 1000, 1}, {1, 100000, 65536}}
	run := &checkRun{baits: []dockerBait{{name: tryNeighbour}, {name: tryOutside}}}
	for name, c := range map[string]*containerRun{
		"docker-confined.json": &run.confined, "docker-privileged.json": &run.privileged,
	} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, &c.told); err != nil {
			t.Fatal(err)
		}
		c.seen = dockerSeen{status: c.told.Status, uids: uids, pidsMax: "1024", memoryMax: "506822656"}
		outside, _ := outsideID(uids, uint64(c.told.UID))
		c.seen.status.EUID = int(outside)
	}
	for _, door := range []string{"a listener of the guest's loopback", "an abstract socket", "10.0.2.2:22", "/run/docker.sock"} {
		run.baits = append(run.baits, dockerBait{name: door, socket: true})
	}
	return run
}

func TestARunIsJudged(t *testing.T) {
	judges := map[string]func(*checkRun) probe.Result{
		"docker-caps": func(r *checkRun) probe.Result { return judgeCaps("", r) },
		"docker-seccomp": func(r *checkRun) probe.Result {
			control := dockerTries{}
			tryDenied(control)
			for name, number := range control {
				if number == int(unix.EPERM) { // this test may run behind a filter itself
					control[name] = int(unix.EFAULT)
				}
			}
			return judgeSeccomp("", r, control)
		},
		"docker-setuid":     func(r *checkRun) probe.Result { return judgeSetuid("", r) },
		"docker-socket":     func(r *checkRun) probe.Result { return judgeSocket("", r) },
		"docker-userns":     func(r *checkRun) probe.Result { return judgeUserNS("", r) },
		"docker-limits":     func(r *checkRun) probe.Result { return judgeLimits("", r) },
		"docker-icc":        func(r *checkRun) probe.Result { return judgeICC("", r) },
		"docker-privileged": func(r *checkRun) probe.Result { return judgePrivileged("", r, allCaps) },
	}
	for id, judge := range judges {
		t.Run(id+" passes as recorded", func(t *testing.T) {
			if got := judge(recordedDocker(t)); got.Outcome != report.Passed {
				t.Errorf("got %+v", got)
			}
		})
	}
	for name, c := range map[string]struct {
		id     string
		change func(*checkRun)
		want   report.Outcome
	}{
		"a capability in the bounding set fails": {"docker-caps", func(r *checkRun) {
			r.confined.seen.status.CapBnd = 1
		}, report.Failed},
		"a chown that succeeds fails": {"docker-caps", confinedTry(tryChown, 0), report.Failed},
		"a chown that the file system refuses proves nothing": {
			"docker-caps", confinedTry(tryChown, unix.EROFS), report.Inconclusive,
		},
		"a chown that fails for the privileged too proves nothing": {
			"docker-caps", privilegedTry(tryChown, unix.EPERM), report.Inconclusive,
		},
		"no filter fails": {"docker-seccomp", func(r *checkRun) { r.confined.seen.status.Seccomp = 0 }, report.Failed},
		"a filter that lets keyctl in fails": {
			"docker-seccomp", confinedTry(tryKeyctl, unix.EOPNOTSUPP), report.Failed,
		},
		"a setuid program that becomes root fails": {"docker-setuid", func(r *checkRun) {
			r.confined.told.Setuid.EUID = 0
		}, report.Failed},
		"a setuid program on nosuid proves nothing": {"docker-setuid", func(r *checkRun) {
			r.confined.told.Setuid.NoSUID = true
		}, report.Inconclusive},
		"a setuid program that does not run proves nothing": {"docker-setuid", func(r *checkRun) {
			r.confined.told.Setuid.EUID = -1
		}, report.Inconclusive},
		"a setuid program that nobody tried proves nothing": {"docker-setuid", func(r *checkRun) {
			r.confined.told.Setuid = nil
		}, report.Inconclusive},
		"privileges that can be gained fail": {"docker-setuid", func(r *checkRun) {
			r.confined.seen.status.NoNewPrivs = 0
		}, report.Failed},
		"a door that opens fails":           {"docker-socket", confinedTry("10.0.2.2:22", 0), report.Failed},
		"a door not tried proves nothing":   {"docker-socket", confinedUntried("10.0.2.2:22"), report.Inconclusive},
		"doors without a way prove nothing": {"docker-socket", confinedTry(tryOutside, unix.ETIMEDOUT), report.Inconclusive},
		"a root that is root fails": {"docker-userns", func(r *checkRun) {
			r.privileged.seen.uids = []mappedIDs{{0, 0, 1 << 32}}
		}, report.Failed},
		"a user who is the guest's fails": {"docker-userns", func(r *checkRun) {
			r.confined.seen.status.EUID = dockerUser
		}, report.Failed},
		"a secret that is read fails": {"docker-userns", privilegedTry(tryReadPrivate, 0), report.Failed},
		"a folder that is not there proves nothing": {
			"docker-userns", privilegedTry(tryReadOpen, unix.ENOENT), report.Inconclusive,
		},
		"no limit of processes fails":       {"docker-limits", func(r *checkRun) { r.confined.seen.pidsMax = "max" }, report.Failed},
		"no limit of memory fails":          {"docker-limits", func(r *checkRun) { r.confined.seen.memoryMax = "max" }, report.Failed},
		"a limit that is no number is none": {"docker-limits", func(r *checkRun) { r.confined.seen.pidsMax = "" }, report.Inconclusive},
		"a neighbour that is reached fails": {"docker-icc", confinedTry(tryNeighbour, 0), report.Failed},
		"a neighbour that is not there proves nothing": {"docker-icc", func(r *checkRun) {
			r.reached = errors.New("refused")
		}, report.Inconclusive},
		"a container without a network proves nothing": {
			"docker-icc", confinedTry(tryOutside, unix.ENETUNREACH), report.Inconclusive,
		},
		"a volume that is mounted fails": {"docker-privileged", privilegedTry(tryMount, 0), report.Failed},
		"a volume that opens fails":      {"docker-privileged", privilegedTry(tryOpenDevice, 0), report.Failed},
		"a kernel log that opens fails":  {"docker-privileged", privilegedTry(tryKmsg, 0), report.Failed},
		"a file system that is not known proves nothing": {
			"docker-privileged", privilegedTry(tryMount, unix.ENODEV), report.Inconclusive,
		},
		"a privileged container without power proves nothing": {"docker-privileged", func(r *checkRun) {
			r.privileged.seen.status.CapEff = 1
		}, report.Inconclusive},
		"one with a pid 1 of its own proves nothing": {
			"docker-privileged", privilegedTry(tryPidOne, unix.ESRCH), report.Inconclusive,
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := recordedDocker(t)
			c.change(run)
			if got := judges[c.id](run); got.Outcome != c.want {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

func confinedTry(name string, errno unix.Errno) func(*checkRun) {
	return func(r *checkRun) { r.confined.told.Tries[name] = int(errno) }
}

func confinedUntried(name string) func(*checkRun) {
	return func(r *checkRun) { delete(r.confined.told.Tries, name) }
}

func privilegedTry(name string, errno unix.Errno) func(*checkRun) {
	return func(r *checkRun) { r.privileged.told.Tries[name] = int(errno) }
}

func TestACallThatTheKernelDeniesItselfProvesNothing(t *testing.T) {
	control := dockerTries{tryKeyctl: int(unix.EPERM), tryAddKey: 14, tryUnshare: 22, tryPerf: 14}
	if got := judgeSeccomp("", recordedDocker(t), control); got.Outcome != report.Inconclusive {
		t.Errorf("got %+v", got)
	}
}

func TestTheDaemonIsJudged(t *testing.T) {
	good := []string{"name=seccomp,profile=builtin", "name=rootless", "name=cgroupns", "name=no-new-privileges"}
	for name, c := range map[string]struct {
		daemon daemonState
		want   report.Outcome
	}{
		"as it should be":           {daemonState{good, "1000", "1000", true}, report.Passed},
		"root's":                    {daemonState{good, "0", "1000", true}, report.Failed},
		"in the guest's namespace":  {daemonState{good, "1000", "1000", false}, report.Failed},
		"not rootless":              {daemonState{good[:1], "1000", "1000", true}, report.Failed},
		"without no-new-privileges": {daemonState{good[:3], "1000", "1000", true}, report.Failed},
		"with seccomp unconfined": {
			daemonState{append([]string{"name=seccomp,profile=unconfined"}, good[1:]...), "1000", "1000", true}, report.Failed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.daemon.judge(""); got.Outcome != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestDaemonsOfRootsAreJudged(t *testing.T) {
	names := []string{"/run/docker.sock"}
	closed, open := dockerTries{names[0]: int(unix.ENOENT)}, dockerTries{names[0]: 0}
	if got := judgeRootful("", closed, names, nil); got.Outcome != report.Passed {
		t.Errorf("got %+v", got)
	}
	if got := judgeRootful("", open, names, nil); got.Outcome != report.Failed {
		t.Errorf("got %+v", got)
	}
	if got := judgeRootful("", closed, names, []string{"dockerd (pid 1)"}); got.Outcome != report.Failed {
		t.Errorf("got %+v", got)
	}
	if !isDaemon("x", "dockerd") || !isDaemon("containerd-shim", "y") || isDaemon("bash", "docker") {
		t.Error("a daemon is not known by its name")
	}
}

func TestTCPIsJudged(t *testing.T) {
	refused := func() dockerTries {
		return dockerTries{ports[0]: int(unix.ECONNREFUSED), ports[1]: int(unix.ECONNREFUSED)}
	}
	port := []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:8080")}
	for name, c := range map[string]struct {
		change func(*tcpState)
		want   report.Outcome
	}{
		"nothing listens":              {func(*tcpState) {}, report.Passed},
		"a published port is held":     {func(f *tcpState) { f.listens = port }, report.Passed},
		"a listener answers":           {func(f *tcpState) { f.listens, f.speaks = port, port }, report.Failed},
		"2375 is open in the guest":    {func(f *tcpState) { f.guest[ports[0]] = 0 }, report.Failed},
		"2376 is open at dockerd's":    {func(f *tcpState) { f.netns[ports[1]] = 0 }, report.Failed},
		"a filter swallows the packet": {func(f *tcpState) { f.guest[ports[0]] = int(unix.ETIMEDOUT) }, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			found := tcpState{guest: refused(), netns: refused()}
			c.change(&found)
			if got := found.judge(""); got.Outcome != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}
