package parts

import (
	"context"
	"fmt"
	"slices"

	"holm/provisioner/operations"
	"holm/provisioner/saga"
)

// Part is one thing that an instance is made of. What is in the list of parts is made, undone, removed, started and inspected with
// them, and is named nowhere else.
type Part struct {
	Name string
	Made string // the step that makes it, where that has a word of its own: people and the journal know it by that

	// Create and Start are the stages in which a create and a start make it: parts of one stage are independent of each other, and
	// are made at the same time. Those of stage 0 are not made by it.
	Create, Start int
	// Running parts are there while the instance runs: a start that fails takes them back, and leaves the others.
	Running bool
	// Shared parts are needed by other instances, too. They are removed once all else is.
	Shared bool

	// Ensure makes it, unless it is there. Nil where it is made together with the record.
	Ensure func(ctx context.Context, p *Plan) error
	// Remove takes it away; no error when it is not there. It owns what it deletes.
	Remove func(ctx context.Context, p *Plan) error
	// Inspect says what is wrong with it, in a few words; "" when it is as it is on record. It changes nothing, and is quick.
	Inspect func(ctx context.Context, p *Plan) (wrong string, err error)
}

// List is what an instance is made of, in the order against which it is removed.
type List []Part

// step is a part as a step of an operation.
func (part Part) step(p *Plan, undone bool) saga.Step {
	s := saga.Step{Name: part.Name, Do: func(ctx context.Context) error { return part.Ensure(ctx, p) }}
	if part.Made != "" {
		s.Name = part.Made
	}
	if undone {
		s.Undo = func(ctx context.Context) error { return part.Remove(ctx, p) }
	}
	return s
}

// stages are the parts by their stage, as steps.
func (l List) stages(p *Plan, stage func(Part) int, undone func(Part) bool) (all []saga.Stage) {
	for _, part := range l {
		at := stage(part)
		if at == 0 {
			continue
		}
		for len(all) < at {
			all = append(all, nil)
		}
		all[at-1] = append(all[at-1], part.step(p, undone(part)))
	}
	return all
}

// Create is the life of a create: what has to be there before a guest runs. Whatever has begun is undone when it fails. Every step
// can be done again and undone again, whoever died in between.
func (l List) Create(p *Plan) []saga.Stage {
	return l.stages(p, func(part Part) int { return part.Create }, func(Part) bool { return true })
}

// First are the names of the steps with which a create begins.
func (l List) First() (names []string) {
	for _, step := range l.Create(nil)[0] {
		names = append(names, step.Name)
	}
	return names
}

// Start makes what an instance that is off needs to run. What it has when it is off stays when the start fails.
func (l List) Start(p *Plan) []saga.Stage {
	return l.stages(p, func(part Part) int { return part.Start }, func(part Part) bool { return part.Running })
}

// Remove takes all parts away, the last one first. It carries on past errors; what is shared it leaves to others then, as what could not
// be removed may still need it. Only the end of ctx stops it, between two parts. around is called before each with its name, and
// returns what is called after it.
func (l List) Remove(ctx context.Context, p *Plan, around func(name string) (after func())) error {
	var failed []error
	for _, part := range slices.Backward(l) {
		if ctx.Err() != nil {
			break
		}
		after := around(part.Name)
		if !part.Shared || len(failed) == 0 {
			if err := part.Remove(ctx, p); err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", part.Name, err))
			}
		}
		after()
	}
	return operations.OneError(failed...)
}

// Finding is a part that is not as it is on record.
type Finding struct {
	Part string `json:"part"`
	What string `json:"what"` // in a few words
}

// Inspect looks at all parts and changes nothing. One that cannot be looked at is no finding: what keeps it from that is an error.
func (l List) Inspect(ctx context.Context, p *Plan) (found []Finding, err error) {
	var failed []error
	for _, part := range l {
		wrong, err := part.Inspect(ctx, p)
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("%s: %w", part.Name, err))
		case wrong != "":
			found = append(found, Finding{part.Name, wrong})
		}
	}
	return found, operations.OneError(failed...)
}
