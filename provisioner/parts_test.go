package provisioner_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/parts"
)

// token is a part that nothing but the list knows of: a file beside the instance's own.
type token struct {
	dir string

	mu   sync.Mutex
	did  []string
	fail error // of removing it
}

func (k *token) path(p *parts.Plan) string {
	return parts.SeedPath(k.dir, p.Instance.ID) + ".token"
}

func (k *token) note(what string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.did = append(k.did, what)
}

// done returns what was done to it since it was last asked.
func (k *token) done() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	did := k.did
	k.did = nil
	return did
}

// part makes it beside the volume, and again at each start.
func (k *token) part() parts.Part {
	return parts.Part{
		Name: "token", Create: 2, Start: 1,
		Ensure: func(_ context.Context, p *parts.Plan) error {
			k.note("ensure")
			return os.WriteFile(k.path(p), nil, 0o600)
		},
		Remove: func(_ context.Context, p *parts.Plan) error {
			k.note("remove")
			if k.fail != nil {
				return k.fail
			}
			return os.RemoveAll(k.path(p))
		},
		Inspect: func(_ context.Context, p *parts.Plan) (string, error) {
			_, err := os.Lstat(k.path(p))
			if errors.Is(err, fs.ErrNotExist) {
				return "is not there", nil
			}
			return "", err
		},
	}
}

// What is added to the list is made, undone, removed, started and shown, and is named nowhere else.
func TestAPartThatIsAddedToTheListIsWalked(t *testing.T) {
	w := newWorld(t)
	k := &token{dir: w.dir}
	c := w.config()
	c.Parts = func(l parts.List) parts.List { return slices.Insert(l, 2, k.part()) }
	holm := provisioner.New(c)
	ctx := t.Context()
	did := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, k.done()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	before := w.inventory()
	w.failing("Start")
	_, err := holm.Instances.Create(ctx, web(), nil)
	refused(t, err, fault.Unfit, "create web: started:")
	did("a create that fails", "ensure", "remove")
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
	w.hyp.FailWith(nil)
	inst, err := holm.Instances.Create(ctx, web(), nil)
	must(t, err)
	did("a create", "ensure")
	must(t, holm.Instances.Stop(ctx, "default", "web", false, nil))
	must1(t)(holm.Instances.Start(ctx, "default", "web", nil))
	did("a start", "ensure")
	shown, err := holm.Instances.Show(ctx, "default", "web")
	must(t, err)
	if len(shown.Wrong) != 0 {
		t.Errorf("it is whole, and shown with %v", shown.Wrong)
	}
	must(t, os.Remove(w.file(inst.ID, "seed.iso.token")))
	shown, err = holm.Instances.Show(ctx, "default", "web")
	must(t, err)
	if diff := cmp.Diff([]parts.Finding{{Part: "token", What: "is not there"}}, shown.Wrong); diff != "" {
		t.Errorf("what is wrong with it: %s", diff)
	}
	k.fail = errors.New("stuck")
	refused(t, holm.Instances.Remove(ctx, "default", "web", nil), fault.Leftover, "token: stuck", "holm rm web")
	did("a removal that fails", "remove")
	k.fail = nil
	must(t, holm.Instances.Remove(ctx, "default", "web", nil))
	did("a removal", "remove")
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
}

// Each part of an instance is missed when it is gone.
func TestPartsThatAreGoneAreShown(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
	must(t, os.RemoveAll(w.file(inst.ID, "")))
	must(t, w.hyp.Undefine(t.Context(), inst.UUID))
	shown, err := w.holm().Instances.Show(t.Context(), "default", "web")
	must(t, err)
	want := []parts.Finding{{Part: "folder", What: "is not there"}, {Part: "volume", What: "is not there"}, {Part: "domain", What: "is not there"}}
	if diff := cmp.Diff(want, shown.Wrong); diff != "" {
		t.Errorf("what is wrong with it: %s", diff)
	}
}
