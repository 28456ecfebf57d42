package operations

import (
	"context"
	"slices"
	"sync"

	"holm/provisioner/model"
)

// Trail remembers the operations that were begun under a context, in their order, for whoever has to name them: also when the change
// fails, and whatever it returns.
type Trail struct {
	mu    sync.Mutex
	begun []model.Operation
}

type trailKey struct{}

// Traced returns a context under which the operations that begin are remembered.
func Traced(ctx context.Context) (context.Context, *Trail) {
	t := &Trail{}
	return context.WithValue(ctx, trailKey{}, t), t
}

// Began remembers an operation once it is on record, if anybody wants to know.
func Began(ctx context.Context, op model.Operation) {
	if t, ok := ctx.Value(trailKey{}).(*Trail); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.begun = append(t.begun, op)
	}
}

// Begun returns what was begun.
func (t *Trail) Begun() []model.Operation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.begun)
}

// ID is that of the operation that a change was: the first of its kind, as a rebuild has a start in it, else the last, as a
// restart ends with a start. It is "" when nothing was begun, because nothing had to be changed.
func (t *Trail) ID(kind string) string {
	all := t.Begun()
	if i := slices.IndexFunc(all, func(op model.Operation) bool { return op.Kind == kind }); i >= 0 {
		return all[i].ID
	}
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].ID
}
