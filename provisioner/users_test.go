package provisioner_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
	"holm/provisioner/uids"
)

// users are the host's: who has which file, and who was let at what.
type users struct {
	mu     sync.Mutex
	others []uids.Claim
	owns   map[string]int
	let    map[int]bool // and whether at KVM, too
	fails  error
}

// Others implements provisioner.Users.
func (u *users) Others() ([]uids.Claim, error) { return u.others, u.fails }

// Own implements provisioner.Users.
func (u *users) Own(path string, uid int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, err := os.Lstat(path); err != nil || u.fails != nil {
		if err == nil {
			err = u.fails
		}
		return err
	}
	if u.owns == nil {
		u.owns = map[string]int{}
	}
	u.owns[path] = uid
	return nil
}

// Let implements provisioner.Users.
func (u *users) Let(uid int, kvm bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.let == nil {
		u.let = map[int]bool{}
	}
	u.let[uid] = kvm
	return u.fails
}

// Unlet implements provisioner.Users.
func (u *users) Unlet(uid int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.let, uid)
	return u.fails
}

func (w *world) tenantNamed(name string) {
	w.t.Helper()
	_, err := w.holm().Tenants.Add(w.t.Context(), name, tenants.Change{})
	must(w.t, err)
}

func (w *world) createdFor(tenant, name string) model.Instance {
	w.t.Helper()
	inst, err := w.holm().Instances.Create(w.t.Context(), instances.Spec{Name: name, Tenant: tenant}, nil)
	must(w.t, err)
	return inst
}

func TestEachTenantHasAUserAndItsInstancesShareIt(t *testing.T) {
	w := newWorld(t)
	w.tenantNamed("acme")
	w.tenantNamed("bolt")
	a1, a2, b := w.createdFor("acme", "a1"), w.createdFor("acme", "a2"), w.createdFor("bolt", "b")
	def := w.created("web")
	if a1.UID == 0 || a1.UID != a2.UID || a1.UID == b.UID || def.UID == a1.UID || def.UID == b.UID || def.UID == 0 {
		t.Fatalf("users are %d, %d, %d, %d", a1.UID, a2.UID, b.UID, def.UID)
	}
	if v, err := w.holm().Tenants.Show(t.Context(), "acme"); err != nil || v.UID != a1.UID {
		t.Errorf("the tenant is shown with the user %d, %v", v.UID, err)
	}
	for _, inst := range []model.Instance{a1, b, def} {
		if got := w.users.owns[w.file(inst.ID, "state.qcow2")]; got != inst.UID {
			t.Errorf("the volume of %s is %d's", inst.Name, got)
		}
		if got := w.users.owns[w.file(inst.ID, "seed.iso")]; got != inst.UID {
			t.Errorf("the seed of %s is %d's", inst.Name, got)
		}
		if kvm, let := w.users.let[inst.UID]; !let || !kvm {
			t.Errorf("the user of %s was not let at KVM", inst.Name)
		}
		xml, err := w.hyp.LiveXML(t.Context(), inst.UUID)
		must(t, err)
		if label := fmt.Sprintf("<label>+%d:+%d</label>", inst.UID, inst.UID); !strings.Contains(xml, label) {
			t.Errorf("%s does not run as its tenant's user:\n%s", inst.Name, xml)
		}
	}
}

func TestATenantThatIsGoneLeavesItsUserToNobody(t *testing.T) {
	w := newWorld(t)
	w.tenantNamed("acme")
	old := w.createdFor("acme", "web")
	must(t, w.holm().Instances.Remove(t.Context(), "acme", "web", nil))
	must(t, w.holm().Tenants.Remove(t.Context(), "acme"))
	if _, let := w.users.let[old.UID]; let {
		t.Error("its user is still let at the host")
	}
	w.tenantNamed("acme")
	if got := w.createdFor("acme", "web"); got.UID == old.UID || got.UID == 0 {
		t.Errorf("another tenant of that name has the user %d, the old one had %d", got.UID, old.UID)
	}
}

func TestAnInstanceFromBeforeMovesToItsTenantsUserAtItsNextStart(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	_, err := w.records.Update(t.Context(), inst.ID, func(i *model.Instance) error {
		i.UID = 0
		return nil
	})
	must(t, err)
	w.users.owns = nil
	_, err = w.holm().Instances.Start(t.Context(), "default", "web", nil) // it runs: nothing changes
	must(t, err)
	if got := w.record(); got.UID != 0 || len(w.users.owns) > 0 {
		t.Fatalf("while it runs, it became %d's", got.UID)
	}
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	started, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
	must(t, err)
	if started.UID != inst.UID || w.users.owns[w.file(inst.ID, "state.qcow2")] != inst.UID {
		t.Errorf("it is %d's, its volume %d's, want %d", started.UID, w.users.owns[w.file(inst.ID, "state.qcow2")], inst.UID)
	}
}

func TestUsersThatAreNotHolmsAloneAreRefusedBeforeAnythingIsMade(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.users.others = []uids.Claim{{Range: uids.Range{First: 2000000000, Last: 2000000000}, By: "/etc/passwd, \"eve\""}}
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Refused, "holm host set --users")
	if !strings.Contains(err.Error(), "eve") {
		t.Errorf("it does not say who has them: %v", err)
	}
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left (-before +after):\n%s", diff)
	}
}

func TestAVolumeThatCannotBeHandedOverIsNotStarted(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	w.users.fails = fs.ErrPermission
	_, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
	if err == nil {
		t.Fatal("it was started")
	}
	if state := w.state(w.record()); state == hypervisor.Running {
		t.Error("it runs all the same")
	}
}

func TestAStartThatDiesOnTheWayToTheTenantsUserIsGoneOnWith(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	_, err := w.records.Update(t.Context(), inst.ID, func(i *model.Instance) error {
		i.UID = 0
		return nil
	})
	must(t, err)
	w.users.owns = nil
	start := func(p *provisioner.Engine) error {
		_, err := p.Instances.Start(t.Context(), "default", "web", nil)
		return err
	}
	w.die("start.user", start)
	if got := w.record(); got.UID != inst.UID || len(w.users.owns) > 0 {
		t.Fatalf("it is %d's, and of its files %v: want the record first", got.UID, w.users.owns)
	}
	must(t, start(w.holm()))
	if got := w.users.owns[w.file(inst.ID, "state.qcow2")]; got != inst.UID {
		t.Errorf("its volume is %d's, want %d's", got, inst.UID)
	}
}

func TestOfTwoTenantsAtOnceEachHasItsOwnUser(t *testing.T) {
	w := newWorld(t)
	w.tenantNamed("acme")
	w.tenantNamed("bolt")
	var both sync.WaitGroup
	for i, tenant := range []string{"acme", "bolt", "acme", "bolt"} {
		both.Go(func() {
			_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: fmt.Sprint("web-", i), Tenant: tenant}, nil)
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	all, err := w.records.Instances(t.Context())
	must(t, err)
	of := map[string]int{}
	for _, inst := range all {
		if had, there := of[inst.Tenant]; there && had != inst.UID {
			t.Errorf("%s has the users %d and %d", inst.Tenant, had, inst.UID)
		}
		of[inst.Tenant] = inst.UID
	}
	if len(all) != 4 || len(of) != 2 || of["acme"] == of["bolt"] || of["acme"] == 0 {
		t.Errorf("%d instances have the users %v", len(all), of)
	}
}
