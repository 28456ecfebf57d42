package operations

import (
	"time"
)

// Phase is how far a step has come.
type Phase string

// The phases of a step. Noted carries a changed text for a step that goes on.
const (
	Begun    Phase = "begun"
	Noted    Phase = "noted"
	Finished Phase = "finished"
	Broken   Phase = "broken"
	Undone   Phase = "undone"
)

// Event tells whoever watches what a long operation is doing. The steps of create are, in order: admitted, reserved,
// network, volume, seed, defined, started, booting, verified, ready. Text is for people; it may be empty.
type Event struct {
	Step    string
	Phase   Phase
	Text    string
	Elapsed time.Duration
}

// Observer is called for each event, never from two goroutines at once. Nil means that nobody watches.
type Observer func(Event)
