package inside

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0"

// exporting is a world in which web and acme's build can be reached, and young never could.
func exporting() *world {
	w := newWorld()
	for i := range w.Instances {
		if w.Instances[i].HostKey != "" {
			w.Instances[i].HostKey = someHostKey
			w.Instances[i].AuthorizedKeys = []string{"ssh-ed25519 AAAA me"}
		}
	}
	return w
}

func TestSSHConfigHoldsAllThatSSHNeeds(t *testing.T) {
	got := exporting().Run(t, "--state", "/state", "ssh-config", "--via", "ops@host.example.org:2222")
	for _, want := range []string{
		"Host holm-web\n", "Host holm.acme.build\n", "    HostName 10.77.0.12\n", "    User ops\n", "    StrictHostKeyChecking yes\n",
		"    knownHostsCommand /bin/echo 0123456789ab " + someHostKey + "\n", "    ProxyJump ops@host.example.org:2222\n",
	} {
		if !strings.Contains(got.Out, want) {
			t.Errorf("%q is not in what is printed:\n%s%s", want, got.Out, got.Err)
		}
	}
	if strings.Contains(got.Out, "IdentityFile") || strings.Contains(got.Out, "young") || !strings.Contains(got.Err, "left out: young") {
		t.Errorf("a key that the laptop does not have, or an instance that cannot be checked:\n%s%s", got.Out, got.Err)
	}
	if got := exporting().Run(t, "--state", "/state", "ssh-config", "web"); !strings.Contains(got.Out, `IdentityFile "/state/keys/ssh_ed25519"`) || strings.Contains(got.Out, "acme") {
		t.Errorf("from the host itself:\n%s%s", got.Out, got.Err)
	}
}

func TestOpenSSHUnderstandsTheConfiguration(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("ssh is not installed (package openssh-client): how it reads the configuration is not tested")
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(exporting().Run(t, "ssh-config", "--via", "host").Out), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ssh, "-G", "-F", file, "holm.acme.build").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"user ops", "hostname 10.77.0.12", "hostkeyalias 0123456789ae", "stricthostkeychecking true", "proxyjump host",
		"knownhostscommand /bin/echo 0123456789ae " + someHostKey, "userknownhostsfile /dev/null",
	} {
		if !strings.Contains("\n"+string(out), "\n"+want+"\n") {
			t.Errorf("ssh -G does not say %q:\n%s", want, out)
		}
	}
}

func TestExportsRefuseWhatCouldSteerOthers(t *testing.T) {
	for name, args := range map[string][]string{
		"an option":          {"--via", "-oProxyCommand=x"},
		"two hosts":          {"--via", "a,b"},
		"a line break":       {"--via", "a\nHost *"},
		"a blank":            {"--via", "a b"},
		"a key that is gone": {"--identity", "/nonexistent"},
	} {
		for _, verb := range []string{"ssh-config", "inventory"} {
			if got := exporting().Run(t, append([]string{verb}, args...)...); got.Code != 2 || got.Out != "" {
				t.Errorf("%s %s: exit %d\n%s%s", verb, name, got.Code, got.Out, got.Err)
			}
		}
	}
	w := exporting()
	w.Instances[2].HostKey = "ssh-ed25519 AAAA\n    proxyCommand x"
	if got := w.Run(t, "ssh-config", "web"); got.Code != 1 || got.Out != "" {
		t.Errorf("a host key with a line break: exit %d\n%s", got.Code, got.Out)
	}
}

func TestInventoryIsWhatAnsibleReads(t *testing.T) {
	got := exporting().Run(t, "--state", "/state", "inventory", "--list")
	var list map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got.Out), &list); err != nil {
		t.Fatalf("%v\n%s%s", err, got.Out, got.Err)
	}
	for group, want := range map[string][]string{
		"tenant_acme": {"holm.acme.build"}, "tenant_default": {"holm-off", "holm-web"}, "flavor_small": {"holm.acme.build", "holm-off", "holm-web"},
		"profile_docker": {"holm.acme.build", "holm-off", "holm-web"},
	} {
		var members struct{ Hosts []string }
		if err := json.Unmarshal(list[group], &members); err != nil {
			t.Errorf("%s: %v", group, err)
		}
		if diff := cmp.Diff(want, members.Hosts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", group, diff)
		}
	}
	var one hostVars
	if err := json.Unmarshal([]byte(exporting().Run(t, "--state", "/state", "inventory", "--host", "holm-web").Out), &one); err != nil {
		t.Fatal(err)
	}
	if one.Host != "10.77.0.12" || one.User != "ops" || one.Identity != "/state/keys/ssh_ed25519" || one.Tenant != "default" ||
		!strings.Contains(one.CommonArgs, "-o 'knownHostsCommand /bin/echo 0123456789ab "+someHostKey+"'") {
		t.Errorf("%+v", one)
	}
	if got := exporting().Run(t, "inventory", "--host", "nobody"); got.Code != 4 {
		t.Errorf("exit %d", got.Code)
	}
}
