package caps

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
)

const id1 = "1111111111111111111111111111111111111111111111111111111111111111"

func TestTheKernelsCountIsRead(t *testing.T) {
	const text = `# event histogram
#
# trigger info: hist:keys=common_pid.execname,cap,opts:vals=hitcount:sort=hitcount:size=8192 if ret==0 [active]
#

{ common_pid: su              [       614], cap:          6, opts:          4 } hitcount:          1
{ common_pid: systemd-journal [       183], cap:         21, opts:          2 } hitcount:          3
{ common_pid: a] b [ x        [        77], cap:         12, opts:          0 } hitcount:          2
{ common_pid: hostile         [       613], cap:        999, opts:          0 } hitcount:          1

Totals:
    Hits: 19
`
	got, err := parseHist(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []use{{614, "su", 6}, {77, "a] b [ x", 12}} // 183 was not audited: nobody needed it
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(use{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParseHist(f *testing.F) {
	f.Add("{ common_pid: su              [       614], cap:          6, opts:          4 } hitcount:          1\n")
	f.Add("{ common_pid:  [ 1], cap: 40, opts: 0 } hitcount: 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseHist(strings.NewReader(text))
		for _, u := range all {
			if err == nil && (u.cap < 0 || u.cap >= len(names) || u.name == "") {
				t.Errorf("%q gave %+v", text, u)
			}
		}
	})
}

func TestWhereAProcessBelongs(t *testing.T) {
	for cgroup, want := range map[string][2]string{
		"0::/system.slice/ssh.service\n": {process, ""},
		"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id1 + ".scope\n":                                     {container, id1},
		"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod01234567_89ab_cdef_0123_456789abcdef.slice/cri-x.scope": {pod, "01234567-89ab-cdef-0123-456789abcdef"},
		"0::/docker-short.scope": {process, ""},
		"":                       {process, ""},
	} {
		if kind, id := unitOf(cgroup); kind != want[0] || id != want[1] {
			t.Errorf("%q is %s %q", cgroup, kind, id)
		}
	}
}

// people makes a /proc of a few processes.
func people(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put := func(pid int, name, uid, effective, ns, cgroup string, threads ...int) {
		base := filepath.Join(dir, strconv.Itoa(pid))
		for _, thread := range append(threads, pid) {
			if err := os.MkdirAll(filepath.Join(base, "task", strconv.Itoa(thread)), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(base, "ns"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("user:["+ns+"]", filepath.Join(base, "ns/user")); err != nil {
			t.Fatal(err)
		}
		status := "Name:\t" + name + "\nUid:\t" + uid + "\t0\t0\t0\nCapEff:\t" + effective + "\n"
		for file, content := range map[string]string{"status": status, "cgroup": "0::" + cgroup + "\n"} {
			if err := os.WriteFile(filepath.Join(base, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(1, "systemd", "0", "000001ffffffffff", "1", "/init.scope")
	put(20, "idle", "65534", "0000000000000000", "1", "/x")
	put(30, "nginx", "100000", "0000000000000400", "2", "/docker-"+id1+".scope", 31, 32)
	put(33, "worker", "100001", "0000000000000000", "2", "/docker-"+id1+".scope")
	return dir
}

func TestAContainerIsOneSubjectWithAllItsProcesses(t *testing.T) {
	c := newCrowd(people(t), func(string) string { return "web" })
	c.look()
	got := c.report([]use{{32, "nginx", 10}, {1, "systemd", 7}, {999, "su", 6}}, 3)
	want := &report.Capabilities{Watched: 3, Subject: []report.Consumer{
		{Kind: process, Name: "systemd", PIDs: []int{1}, User: "root", Used: []string{"CAP_SETUID"}},
		{Kind: process, Name: "su (ended)", Effective: []string{}, Used: []string{"CAP_SETGID"}},
		{Kind: container, Name: "web", PIDs: []int{30, 33}, User: "100000", UserNS: true, Effective: []string{"CAP_NET_BIND_SERVICE"}, Used: []string{"CAP_NET_BIND_SERVICE"}},
	}}
	if len(got.Subject) > 0 && len(got.Subject[0].Effective) != len(names) {
		t.Errorf("systemd holds %d capabilities", len(got.Subject[0].Effective))
	}
	got.Subject[0].Effective = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALongAnswerIsShortenedToALine(t *testing.T) {
	many := make([]report.Consumer, 5000)
	for i := range many {
		many[i] = report.Consumer{Kind: process, Name: "x", Effective: ofMask(1<<41 - 1), Used: []string{}}
	}
	kept, dropped := shorten(many)
	if len(kept)+dropped != len(many) || len(kept) == 0 || dropped == 0 {
		t.Errorf("kept %d, dropped %d", len(kept), dropped)
	}
}
