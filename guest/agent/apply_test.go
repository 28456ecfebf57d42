package agent

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ran are the programs of the image that were started, sorted.
func ran(t *testing.T, a *Agent) []string {
	t.Helper()
	content, err := os.ReadFile(a.path("/ran"))
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(content), a.Root, "")), "\n")
	slices.Sort(lines)
	return lines
}

func TestTheKernelGetsWhatTheSeedAsksOfIt(t *testing.T) {
	a := seeded(t)
	if err := a.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"modprobe -a -- overlay br_netfilter", "nft -j -f " + firewallFile}
	if diff := cmp.Diff(want, ran(t, a)); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
	if got := read(t, a.Root, "/proc/sys/kernel/kptr_restrict"); got != "2\n" {
		t.Errorf("the setting is %q", got)
	}
	if got := read(t, a.Root, moduleLock); got != "0\n" {
		t.Error("the kernel is locked before the profile is up")
	}
}

// Some settings belong to modules.
func TestSettingsComeAfterModules(t *testing.T) {
	a := seeded(t)
	put(t, a.Root, settingsFile, "net.bridge.bridge-nf-call-iptables = 1\n", 0o644)
	tool(t, a.Root, "/usr/sbin/modprobe", "mkdir -p proc/sys/net/bridge; echo 0 >proc/sys/net/bridge/bridge-nf-call-iptables")
	if err := a.apply(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeAppliedIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string // what is there in place of the seed's; "" is nothing
		tool, script  string
		says          string
	}{
		"no modules":               {file: modulesFile, says: modulesFile + " is not there: the seed of this instance is older than its image"},
		"no settings":              {file: settingsFile, says: settingsFile + " is not there"},
		"no firewall":              {file: firewallFile, says: firewallFile + " is not there"},
		"modules of rubbish":       {file: modulesFile, content: "overlay\n", says: "read " + modulesFile},
		"modules that were cut":    {file: modulesFile, content: `{"load":["ov`, says: "read " + modulesFile},
		"more than a MiB":          {file: modulesFile, content: strings.Repeat(" ", 1<<20) + "{}", says: modulesFile + " is longer than 1024 KiB"},
		"a module that is option":  {file: modulesFile, content: `{"load":["--remove"]}`, says: `"--remove" is no name of a module`},
		"a module that is a path":  {file: modulesFile, content: `{"load":["/tmp/evil.ko"]}`, says: "is no name of a module"},
		"a module without a name":  {file: modulesFile, content: `{"load":[""]}`, says: "is no name of a module"},
		"a module of another kind": {file: modulesFile, content: `{"load":[1]}`, says: "read " + modulesFile},
		"a setting of nobody's":    {file: settingsFile, content: "kernel.nonsense = 1", says: "this kernel has no setting kernel.nonsense"},
		"a module that is unknown": {
			tool: "/usr/sbin/modprobe", script: "echo 'WARNING: Module x not found.' >&2; echo more; exit 1",
			says: modulesFile + ": /usr/sbin/modprobe: exit status 1: WARNING: Module x not found.",
		},
		"rules that nft refuses": {
			tool: "/usr/sbin/nft", script: "echo 'Error: syntax' >&2; exit 1", says: firewallFile + ": /usr/sbin/nft: exit status 1: Error: syntax",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := seeded(t)
			if c.file != "" {
				if err := os.Remove(a.path(c.file)); err != nil {
					t.Fatal(err)
				}
			}
			if c.content != "" {
				put(t, a.Root, c.file, c.content, 0o644)
			}
			if c.tool != "" {
				tool(t, a.Root, c.tool, c.script)
			}
			wantError(t, a.apply(t.Context()), c.says)
		})
	}
}

func TestBothFailuresAreTold(t *testing.T) {
	a := seeded(t)
	for _, file := range []string{modulesFile, firewallFile} {
		if err := os.Remove(a.path(file)); err != nil {
			t.Fatal(err)
		}
	}
	err := a.apply(t.Context())
	wantError(t, err, modulesFile)
	wantError(t, err, firewallFile)
}

func TestApplyingStopsWithTheContext(t *testing.T) {
	a := seeded(t)
	tool(t, a.Root, "/usr/sbin/nft", "exec sleep 1000")
	wantError(t, a.apply(ended(t)), "no more time")
}

func TestNoModulesAreNoProcess(t *testing.T) {
	a := seeded(t)
	put(t, a.Root, modulesFile, `{"lock":false,"of":"a newer seed"}`, 0o644)
	if err := a.loadModules(t.Context()); err != nil || ran(t, a) != nil {
		t.Errorf("it ran %v (%v)", ran(t, a), err)
	}
}

func TestTheKernelIsLockedWhenTheProfileWantsIt(t *testing.T) {
	for name, c := range map[string]struct{ modules, want, says string }{
		"it does":           {`{"lock":true}`, "1\n", ""},
		"it does not":       {`{"lock":false}`, "0\n", ""},
		"it does not say":   {`{}`, "0\n", ""},
		"it says something": {`{"lock":"perhaps"}`, "0\n", "read " + modulesFile},
	} {
		t.Run(name, func(t *testing.T) {
			a := seeded(t)
			put(t, a.Root, modulesFile, c.modules, 0o644)
			wantError(t, a.lockModules(), c.says)
			if got := read(t, a.Root, moduleLock); got != c.want {
				t.Errorf("the lock is %q, want %q", got, c.want)
			}
		})
	}
	a := seeded(t)
	if err := os.Remove(a.path(moduleLock)); err != nil {
		t.Fatal(err)
	}
	wantError(t, a.lockModules(), "lock the kernel's modules")
}
