package provisioner_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
)

// hostile is what nobody should get into a file name, XML, YAML, a command line or a terminal.
func hostile() map[string]string {
	return map[string]string{
		"a newline": "web\n", "a newline inside": "w\neb", "a path": "../web", "a slash": "a/b", "a dot": "a.b", "dots": "..",
		"an option": "-rf", "a blank": "a b", "a tab": "a\tb", "NUL": "a\x00b", "YAML": "a: [b]", "a YAML tag": "!!x", "XML": "<a/>&amp;",
		"quotes": `a"b'c`, "an escape": "\x1b[2Jx", "64 KiB": strings.Repeat("a", 64<<10), "64 KiB of NULs": strings.Repeat("\x00", 64<<10),
		"umlauts": "wéb", "lookalikes": "wеb", "right to left": "\u202eweb", "bytes that are no text": "\xff\xfe", "upper case": "Web",
		"a shell": "$(reboot)", "a format": "%s%n",
	}
}

// untouched checks that nothing came of a refusal.
func untouched(t *testing.T, w *world) {
	t.Helper()
	if w.connects != 0 {
		t.Errorf("the hypervisor was connected to %d times", w.connects)
	}
	if exists(t, w.dir) {
		t.Errorf("%s was made", w.dir)
	}
}

func TestHostileWordsAreRefusedOnOneLineAndTouchNothing(t *testing.T) {
	for field, set := range map[string]func(s *instances.Spec, value string){
		"name":    func(s *instances.Spec, v string) { s.Name = v },
		"tenant":  func(s *instances.Spec, v string) { s.Tenant = v },
		"profile": func(s *instances.Spec, v string) { s.Profile = v },
		"flavor":  func(s *instances.Spec, v string) { s.Flavor = v },
		"user":    func(s *instances.Spec, v string) { s.User = v },
		"key":     func(s *instances.Spec, v string) { s.AuthorizedKeys = []string{v} },
	} {
		for name, value := range hostile() {
			t.Run(field+"/"+name, func(t *testing.T) {
				w := newWorld(t)
				spec := web()
				set(&spec, value)
				_, err := w.holm().Instances.Create(t.Context(), spec, nil)
				refused(t, err, fault.Usage)
				_, err = w.holm().Instances.Plan(t.Context(), spec)
				refused(t, err, fault.Usage)
				untouched(t, w)
			})
		}
	}
}

func TestHostileNamesAreRefusedByEveryVerb(t *testing.T) {
	w := newWorld(t)
	ctx, holm := t.Context(), w.holm()
	for name, value := range hostile() {
		for _, at := range [][2]string{{"default", value}, {value, "web"}} {
			_, start := holm.Instances.Start(ctx, at[0], at[1], nil)
			_, restart := holm.Instances.Restart(ctx, at[0], at[1], nil)
			_, wait := holm.Instances.Wait(ctx, at[0], at[1], nil)
			_, show := holm.Instances.Show(ctx, at[0], at[1])
			_, stats := holm.Instances.Stats(ctx, at[0], at[1])
			_, console := holm.Instances.Console(ctx, at[0], at[1])
			stop, remove := holm.Instances.Stop(ctx, at[0], at[1], true, nil), holm.Instances.Remove(ctx, at[0], at[1], nil)
			for _, err := range []error{start, restart, wait, show, stats, console, stop, remove} {
				if t.Run(name, func(t *testing.T) { refused(t, err, fault.Usage, "is not allowed") }); t.Failed() {
					return
				}
			}
		}
		_, err := holm.Instances.List(ctx, value)
		refused(t, err, fault.Usage, "is not allowed")
	}
	untouched(t, w)
}

func TestWhatCannotBeAdmittedIsRefusedWithARemedy(t *testing.T) {
	type spec = instances.Spec
	for name, c := range map[string]struct {
		spec  spec
		world func(w *world)
		kind  fault.Kind
		says  []string
	}{
		"no name":                   {spec{}, nil, fault.Usage, []string{`name ""`, "use 1 to 40"}},
		"a name of 41 letters":      {spec{Name: strings.Repeat("a", 41)}, nil, fault.Usage, []string{"use 1 to 40"}},
		"a name that ends with -":   {spec{Name: "web-"}, nil, fault.Usage, []string{`not ending with "-"`}},
		"the name of every machine": {spec{Name: "localhost"}, nil, fault.Usage, []string{"choose another name"}},
		"a user of the system":      {spec{Name: "web", User: "root"}, nil, fault.Usage, []string{`"root" belongs to the guest's system`}},
		"an unknown profile":        {spec{Name: "web", Profile: "podman"}, nil, fault.Usage, []string{"use plain, docker or k3s"}},
		"a profile for later":       {spec{Name: "web", Profile: "k3s"}, nil, fault.Refused, []string{"k3s"}},
		"an image of a host":        {spec{Name: "web"}, func(w *world) { w.images.Profiles = []string{images.Hypervisor} }, fault.Refused, []string{"image debian-13 is a host's", "holm image ls"}},
		"a profile the image lacks": {spec{Name: "web"}, func(w *world) { w.images.Profiles = []string{"plain"} }, fault.Refused, []string{`image debian-13 has no profile "docker"`, "holm image show debian-13"}},
		"an unknown flavor":         {spec{Name: "web", Flavor: "huge"}, nil, fault.Usage, []string{`no flavor "huge"`, "tiny, small, medium, large"}},
		"an unknown image":          {spec{Name: "web", Image: "plan9"}, nil, fault.NotFound, []string{"plan9", "holm image ls"}},
		"a negative count of vCPUs": {spec{Name: "web", VCPUs: -1}, nil, fault.Usage, []string{"-1 vCPUs", "1 to 64", "--cpus"}},
		"too many vCPUs":            {spec{Name: "web", VCPUs: 65}, nil, fault.Usage, []string{"65 vCPUs", "--cpus"}},
		"more vCPUs than the host":  {spec{Name: "web", VCPUs: 9}, nil, fault.Unfit, []string{"9 vCPUs are more than the 8 CPUs", "--cpus"}},
		"too little memory":         {spec{Name: "web", MemoryMiB: 383}, nil, fault.Usage, []string{"383 MiB", "--memory"}},
		"more memory than the host": {spec{Name: "web", MemoryMiB: 16<<10 + 1}, nil, fault.Unfit, []string{"16385 MiB", "--memory"}},
		"a negative disk":           {spec{Name: "web", DiskGiB: -5}, nil, fault.Usage, []string{"-5 GiB", "--disk"}},
		"too large a disk":          {spec{Name: "web", DiskGiB: 1 << 30}, nil, fault.Usage, []string{"GiB of disk", "--disk"}},
		"a full disk":               {spec{Name: "web"}, func(w *world) { w.capacity.FreeBytes = 511 << 20 }, fault.Unfit, []string{"the disk is full: 511 MiB", "--state"}},
		"no KVM":                    {spec{Name: "web"}, func(w *world) { w.capacity.KVM, w.capacity.WhyNot = false, "no /dev/kvm" }, fault.Refused, []string{"no /dev/kvm", "no isolation boundary", "--lab-mode on"}},
		"a host that is not known":  {spec{Name: "web"}, func(w *world) { w.measure = fault.New(fault.Unfit, "look", "cannot look at the host") }, fault.Unfit, []string{"cannot look"}},
		"two keys on one line":      {spec{Name: "web", AuthorizedKeys: []string{hostKey(1) + "\n" + hostKey(2)}}, nil, fault.Usage, []string{".pub"}},
		"a key with options":        {spec{Name: "web", AuthorizedKeys: []string{`command="x" ` + hostKey(1)}}, nil, fault.Usage, []string{"options"}},
		"a private key":             {spec{Name: "web", AuthorizedKeys: []string{"-----BEGIN OPENSSH PRIVATE KEY-----"}}, nil, fault.Usage, []string{".pub"}},
		"more keys than a seed has": {spec{Name: "web", AuthorizedKeys: manyKeys(16)}, nil, fault.Usage, []string{"16 SSH keys are too many", "at most 15"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.world != nil {
				c.world(w)
			}
			_, err := w.holm().Instances.Create(t.Context(), c.spec, nil)
			refused(t, err, c.kind, c.says...)
			_, err = w.holm().Instances.Plan(t.Context(), c.spec)
			refused(t, err, c.kind, c.says...)
			untouched(t, w)
		})
	}
}

func manyKeys(n int) []string {
	var keys []string
	for i := range n {
		keys = append(keys, hostKey(byte(i)))
	}
	return keys
}

func TestAsManyKeysAsAreAllowedFitIntoTheSeed(t *testing.T) {
	w := newWorld(t)
	_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", AuthorizedKeys: manyKeys(15)}, nil)
	must(t, err)
}

func TestAnUnreachableHypervisorLeavesNoStateDirectory(t *testing.T) {
	w := newWorld(t)
	c := w.config()
	c.Connect = func(context.Context) (hypervisor.Driver, error) { return nil, hypervisor.ErrUnreachable }
	if _, err := provisioner.New(c).Instances.Create(t.Context(), web(), nil); !errors.Is(err, hypervisor.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	untouched(t, w)
}

func TestAStateDirectoryThatCannotBeMadeIsAFaultWithARemedy(t *testing.T) {
	w := newWorld(t)
	must(t, os.WriteFile(filepath.Dir(w.dir), nil, 0o600))
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Failure, "cannot be the state directory", "not a directory", "--state")
}

func TestAnInstanceThatExistsIsNotCreatedAgain(t *testing.T) {
	w := newWorld(t)
	first := w.created("web")
	calls := len(w.hyp.Calls())
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Exists, `instance "web" exists already in tenant "default" (ready since `, "holm show web", "--tenant")
	_, err = w.holm().Instances.Plan(t.Context(), web())
	refused(t, err, fault.Exists, `instance "web" exists already`)
	if diff := cmp.Diff(first, w.record(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" || len(w.changes(calls)) > 0 {
		t.Errorf("it was changed by %q: %s", w.changes(calls), diff)
	}
}

func TestPlanIsWhatCreateReserves(t *testing.T) {
	w := newWorld(t)
	plan, err := w.holm().Instances.Plan(t.Context(), web())
	must(t, err)
	untouched(t, w)
	w.created("db")
	if plan.Address.String() != "10.77.0.10" || plan.MAC == "" {
		t.Errorf("the plan was %+v", plan)
	}
	plan, err = w.holm().Instances.Plan(t.Context(), web())
	must(t, err)
	inst := w.created("web")
	got := model.Instance{
		Name: inst.Name, Tenant: inst.Tenant, State: model.Creating, Profile: inst.Profile, Flavor: inst.Flavor, Image: inst.Image,
		ImageName: inst.ImageName, Accel: inst.Accel, Machine: inst.Machine, Domain: inst.Domain, Network: inst.Network,
		MAC: plan.MAC, Address: inst.Address, Address6: inst.Address6, PrefixLen: inst.PrefixLen, Gateway: inst.Gateway, User: inst.User,
	}
	if diff := cmp.Diff(plan, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}

func TestK3sWithoutAnImageForItIsRefusedWithTheCommandsThatMakeOne(t *testing.T) {
	w := newWorld(t)
	for name, spec := range map[string]instances.Spec{
		"no image has it":        {Name: "web", Profile: "k3s"},
		"the image has it not":   {Name: "web", Profile: "k3s", Image: debian().Digest},
		"the default is spelled": {Name: "web", Profile: "k3s", Image: instances.DefaultImage},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.holm().Instances.Create(t.Context(), spec, nil)
			refused(t, err, fault.Refused, "k3s", "curl -fLO https://", "holm image build --k3s ./k3s --k3s-sha256")
		})
	}
}
