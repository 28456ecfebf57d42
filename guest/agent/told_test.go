package agent

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holm/guest/environment"
	"holm/guest/report"
)

func myName(t *testing.T) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return me.Username
}

// surrounded is a guest after cloud-init with the files of Debian's that an environment changes.
func surrounded(t *testing.T) (*Agent, Instance) {
	t.Helper()
	a := seeded(t)
	put(t, a.Root, hostsFile, "127.0.0.1 localhost\n", 0o644)
	put(t, a.Root, certsBundle, "# Debian's\n", 0o644)
	put(t, a.Root, resolvConf, "", 0o644)
	tool(t, a.Root, systemctl, "")
	return a, Instance{ID: "i", Profile: "docker", User: myName(t)}
}

func ca(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../environment/testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func worldOf(t *testing.T) *report.Environment {
	t.Helper()
	return &report.Environment{
		Nameservers:  []netip.Addr{netip.MustParseAddr("198.51.100.53")},
		Search:       []string{"example.org"},
		Hosts:        []report.HostName{{Address: netip.MustParseAddr("10.77.0.11"), Names: []string{"db"}}},
		Certificates: []string{ca(t)},
		Mirrors:      []string{"https://m.example.org"},
		Proxy:        &report.Proxy{HTTP: "http://ops:secret@p.example.org:3128"},
		TimeServers:  []string{"ntp.example.org"},
	}
}

func status(e *report.Environment, ports ...report.Port) report.Question {
	return report.Question{Version: report.Version, Nonce: "n", Environment: e, Ports: ports}
}

var webPort = report.Port{Protocol: "tcp", Number: 8000}

func TestABootGoesByWhatTheHostTells(t *testing.T) {
	a, inst := surrounded(t)
	if err := a.tell(t.Context(), status(worldOf(t), webPort)); err != nil {
		t.Fatal(err)
	}
	if a.exists(resolvedFile) {
		t.Error("it was written before the boot had come so far")
	}
	if err := a.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		resolvedFile:  "DNS=198.51.100.53\n",
		timesyncdFile: "NTP=ntp.example.org\n",
		hostsFile:     "10.77.0.11 db\n",
		certsBundle:   ca(t),
		sessionFile:   `http_proxy="http://ops:secret@p.example.org:3128"`,
		dockerTold:    `"https://m.example.org"`,
	} {
		if got := read(t, a.Root, file); !strings.Contains(got, want) {
			t.Errorf("%s is %q", file, got)
		}
	}
	if target, err := os.Readlink(a.path(resolvConf)); err != nil || target != resolvStub {
		t.Errorf("%s leads to %q (%v)", resolvConf, target, err)
	}
	for file, want := range map[string]os.FileMode{environmentFile: 0o600, sessionFile: 0o640, dockerTold: 0o640, exposedFile: 0o600} {
		if info, err := os.Stat(a.path(file)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v (%v)", file, info.Mode(), err)
		}
	}
	if got := strings.Join(ran(t, a), "; "); got != "nft -j -f -" {
		t.Errorf("it ran %q: nothing runs yet that would have to be told", got)
	}
}

// A reboot from within: nobody is at the other end of the port.
func TestABootAtWhichNobodyTellsGoesByWhatWasKept(t *testing.T) {
	a, inst := surrounded(t)
	if err := a.tell(t.Context(), status(worldOf(t), webPort)); err != nil {
		t.Fatal(err)
	}
	if err := a.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(a.path("/run")); err != nil {
		t.Fatal(err)
	}
	again := &Agent{Root: a.Root}
	began := time.Now()
	if err := again.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	if time.Since(began) > toldWithin/2 {
		t.Error("it waited")
	}
	if got := read(t, a.Root, resolvedFile); !strings.Contains(got, "198.51.100.53") {
		t.Errorf("%s is %q", resolvedFile, got)
	}
	if got := strings.Join(ran(t, a), "; "); got != "nft -j -f -; nft -j -f -" {
		t.Errorf("it ran %q, want the port opened at both boots", got)
	}
	if strings.Count(read(t, a.Root, hostsFile), "db") != 1 {
		t.Errorf("%s is %q", hostsFile, read(t, a.Root, hostsFile))
	}
}

func TestAHostThatTellsNothingChangesNothing(t *testing.T) {
	a, inst := surrounded(t)
	if err := a.tell(t.Context(), status(nil)); err != nil {
		t.Fatal(err)
	}
	if err := a.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{resolvedFile, environmentFile, exposedFile, dockerTold} {
		if a.exists(file) {
			t.Errorf("there is a %s", file)
		}
	}
	if len(ran(t, a)) > 0 {
		t.Errorf("it ran %q", ran(t, a))
	}
}

func TestABootWaitsForAHostThatIsThere(t *testing.T) {
	a, inst := surrounded(t)
	a.told.connected = func() bool { return true }
	go func() {
		<-time.After(100 * time.Millisecond)
		_ = a.tell(t.Context(), status(&report.Environment{Search: []string{"late.example.org"}}))
	}()
	if err := a.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	if got := read(t, a.Root, resolvedFile); !strings.Contains(got, "late.example.org") {
		t.Errorf("%s is %q", resolvedFile, got)
	}
}

// What is told while the instance runs stirs those alone for whom something has changed.
func TestOnlyProgramsThatReadSomethingNewAreStirred(t *testing.T) {
	for name, c := range map[string]struct {
		change func(e *report.Environment)
		want   []string
	}{
		"the same once more": {func(*report.Environment) {}, nil},
		"another sibling":    {func(e *report.Environment) { e.Hosts = nil }, nil},
		"another server": {
			func(e *report.Environment) { e.Nameservers[0] = netip.MustParseAddr("198.51.100.54") },
			[]string{"systemctl try-reload-or-restart systemd-resolved.service"},
		},
		"another clock":    {func(e *report.Environment) { e.TimeServers = nil }, []string{"systemctl try-restart systemd-timesyncd.service"}},
		"another mirror":   {func(e *report.Environment) { e.Mirrors = nil }, []string{"systemctl --user try-reload-or-restart docker.service"}},
		"no CA any more":   {func(e *report.Environment) { e.Certificates = nil }, []string{"systemctl --user try-restart docker.service"}},
		"no proxy anymore": {func(e *report.Environment) { e.Proxy = nil }, []string{"systemctl --user try-restart docker.service"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, inst := surrounded(t)
			dir, err := runtimeDir(inst.User)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.tell(t.Context(), status(worldOf(t), webPort)); err != nil {
				t.Fatal(err)
			}
			if err := a.settle(t.Context(), inst); err != nil {
				t.Fatal(err)
			}
			put(t, a.Root, dir+"/systemd/private", "", 0o600)
			for _, dir := range []string{a.Root, filepath.Join(a.Root, "ran")} {
				_ = os.Chmod(dir, 0o777) // the user runs a program of the test's
			}
			before := len(ran(t, a))
			e := worldOf(t)
			c.change(e)
			if err := a.tell(t.Context(), status(e, webPort)); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(ran(t, a)[before:], "; "), strings.Join(c.want, "; "); got != want {
				t.Errorf("it ran %q, want %q", got, want)
			}
		})
	}
}

func TestDockerIsNotStartedAnewUnderContainers(t *testing.T) {
	for name, c := range map[string]struct {
		containers string
		restarts   bool
	}{
		"none runs":    {"[]\n", true},
		"one runs":     {`[{"Id":"0"}]`, false},
		"it says junk": {"?", false},
	} {
		t.Run(name, func(t *testing.T) {
			a, inst := surrounded(t)
			docker, _ := dockerd(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/containers/json" {
					http.NotFound(w, r)
				}
				_, _ = io.WriteString(w, c.containers)
			})
			before := a.Root
			a.Root = docker.Root
			if err := os.CopyFS(a.Root, os.DirFS(before)); err != nil {
				t.Fatal(err)
			}
			dir, err := runtimeDir(inst.User)
			if err != nil {
				t.Fatal(err)
			}
			put(t, a.Root, dir+"/systemd/private", "", 0o600)
			if err := a.settle(t.Context(), inst); err != nil {
				t.Fatal(err)
			}
			a.told.later = ""
			s := stirred{docker: true}
			_ = a.stir(t.Context(), inst, s)
			if restarted := a.told.later == ""; restarted != c.restarts {
				t.Errorf("restarted is %v, and %q has to wait", restarted, a.told.later)
			}
		})
	}
}

func TestPortsThatTheStatusTellsAreTheOnlyOnes(t *testing.T) {
	a, inst := surrounded(t)
	if err := a.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	for _, ports := range [][]report.Port{{webPort}, {webPort}, nil} {
		if err := a.tell(t.Context(), status(&report.Environment{}, ports...)); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(ran(t, a), "; "); got != "nft -j -f -; nft -j -f -" {
		t.Errorf("it ran %q: what is open already is not opened again", got)
	}
	if got := read(t, a.Root, exposedFile); got != "null" && got != "[]" {
		t.Errorf("%s is %q", exposedFile, got)
	}
}

func TestAnEnvironmentThatCannotBeIsNotKept(t *testing.T) {
	a, inst := surrounded(t)
	bad := &report.Environment{Search: []string{"a\nb"}}
	wantError(t, a.tell(t.Context(), status(bad)), "search domain")
	wantError(t, a.tell(t.Context(), status(worldOf(t), report.Port{})), "no port 0")
	text, err := json.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	put(t, a.Root, environmentFile, string(text), 0o600)
	put(t, a.Root, exposedFile, `[{"protocol":"sctp","number":1}]`, 0o600)
	if err := a.settle(t.Context(), inst); err != nil {
		t.Fatal(err)
	}
	if a.exists(resolvedFile) || len(ran(t, a)) > 0 {
		t.Error("what was kept and cannot be was put into force")
	}
}

func TestCertificatesComeAndGo(t *testing.T) {
	a, inst := surrounded(t)
	put(t, a.Root, certFolder+"/ccb5f6bb.0", "somebody's of the same name", 0o644)
	var s stirred
	for range 2 {
		if err := a.writeCertificates(inst, *worldOf(t), &s); err != nil {
			t.Fatal(err)
		}
	}
	all, err := environment.Certificates(*worldOf(t))
	if err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(a.path(certFolder + "/ccb5f6bb.1")); err != nil || target != all[0].Name {
		t.Errorf("OpenSSL finds %q (%v)", target, err)
	}
	if got := read(t, a.Root, certFolder+"/ccb5f6bb.1"); got != ca(t) {
		t.Errorf("it finds %q", got)
	}
	if err := a.writeCertificates(inst, report.Environment{}, &s); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(a.path(certFolder))
	if err != nil || len(left) != 2 || read(t, a.Root, certsBundle) != "# Debian's\n" {
		t.Errorf("left are %v (%v)", left, err)
	}
}

func TestAFileOfNamesThatIsTheOwnersStays(t *testing.T) {
	a, inst := surrounded(t)
	put(t, a.Root, resolvConf, "nameserver 192.0.2.1\n", 0o644)
	var s stirred
	if err := a.writeNames(inst, *worldOf(t), &s); err != nil {
		t.Fatal(err)
	}
	if got := read(t, a.Root, resolvConf); got != "nameserver 192.0.2.1\n" {
		t.Errorf("%s is %q", resolvConf, got)
	}
}

func TestDockerIsGivenItsSettingsAsItsUser(t *testing.T) {
	a, inst := surrounded(t)
	var s stirred
	if err := a.writeDocker(inst, *worldOf(t), &s); err != nil {
		t.Fatal(err)
	}
	put(t, a.Root, dockerdFile, `{"icc":false}`, 0o644)
	put(t, a.Root, "/home/.docker/config.json", `{"auths":{}}`, 0o600)
	d := DockerSettings{Root: a.Root, Home: a.path("/home"), RuntimeDir: a.path("/run/user")}
	for range 2 {
		if err := d.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, a.Root, "/run/user/holm/dockerd.json"); !strings.Contains(got, `"icc": false`) || !strings.Contains(got, "secret@p") {
		t.Errorf("dockerd reads %q", got)
	}
	if got := read(t, a.Root, "/home/.docker/config.json"); !strings.Contains(got, `"auths": {}`) || !strings.Contains(got, `"httpProxy"`) {
		t.Errorf("docker reads %q", got)
	}
	if err := a.writeDocker(inst, report.Environment{}, &s); err != nil {
		t.Fatal(err)
	}
	if err := d.Run(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, a.Root, "/home/.docker/config.json"); strings.Contains(got, "proxies") {
		t.Errorf("docker still reads %q", got)
	}
}
