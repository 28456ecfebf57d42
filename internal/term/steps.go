package term

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
)

// Phase is how far a step has come.
type Phase int

// The phases of a step. Noted carries a changed text for a step that goes on.
const (
	Begun Phase = iota
	Noted
	Finished
	Failed
	Undone
)

// Step is one piece of news of a long operation. Text may come from a guest; it is cleaned before it is shown.
type Step struct {
	Name  string
	Phase Phase
	Text  string
	// Elapsed is how long the step took, when it has ended; it is shown from one second on.
	Elapsed time.Duration
}

// Steps shows what a long operation does: on a terminal a line that moves for the step at hand and a marked line for
// each that has ended; in a pipe one plain line for each that has ended.
type Steps struct {
	s       *Streams
	verbose bool

	mu     sync.Mutex
	open   []openStep // begun and not ended, oldest first
	frame  int
	noted  string // the last note that was printed in a pipe
	cancel chan struct{}
	done   sync.WaitGroup
}

type openStep struct {
	name, text string
	since      time.Time
}

const (
	frames     = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
	frameEvery = 125 * time.Millisecond
	nameWidth  = 12
)

// Steps begins to show steps on Err. In a pipe, verbose adds a line for each note. Close must be called.
func (s *Streams) Steps(verbose bool) *Steps {
	st := &Steps{s: s, verbose: verbose, cancel: make(chan struct{})}
	if s.ErrTerminal {
		st.done.Go(st.animate)
	}
	return st
}

// Close takes the moving line away.
func (st *Steps) Close() {
	close(st.cancel)
	st.done.Wait()
	st.s.move("")
}

func (st *Steps) animate() {
	tick := time.NewTicker(frameEvery)
	defer tick.Stop()
	for {
		select {
		case <-st.cancel:
			return
		case <-tick.C:
			st.mu.Lock()
			st.frame++
			st.draw()
			st.mu.Unlock()
		}
	}
}

// Show takes in one piece of news.
func (st *Steps) Show(step Step) {
	step.Name, step.Text = Line(step.Name), Line(step.Text)
	st.mu.Lock()
	defer st.mu.Unlock()
	switch step.Phase {
	case Begun:
		st.open = append(st.open, openStep{name: step.Name, text: step.Text, since: time.Now()})
	case Noted:
		st.note(step)
	default:
		st.open = slices.DeleteFunc(st.open, func(o openStep) bool { return o.name == step.Name })
		st.s.move("")
		st.s.Say(st.ended(step))
	}
	st.draw()
}

func (st *Steps) note(step Step) {
	for i := range st.open {
		if st.open[i].name == step.Name {
			st.open[i].text = step.Text
		}
	}
	// The text of a note may carry nothing but a clock; a pipe gets each text once.
	if line := pad(step.Name) + step.Text; st.verbose && !st.s.ErrTerminal && line != st.noted {
		st.noted = line
		st.s.Say(line)
	}
}

// ended is the line of a step that goes on no more.
func (st *Steps) ended(step Step) string {
	text := step.Text
	if step.Elapsed >= time.Second {
		text = strings.TrimRight(Elapsed(step.Elapsed)+"  "+text, " ")
	}
	mark, word, tone := "✓", "", Good
	switch step.Phase {
	case Failed:
		mark, word, tone = "✗", "failed  ", Broken
	case Undone:
		mark, word, tone = "↶", "undone  ", Attention
	}
	if st.s.ErrTerminal {
		return strings.TrimRight(" "+st.s.ErrStyle().Paint(tone, mark)+" "+pad(step.Name)+word+text, " ")
	}
	return strings.TrimRight(pad(step.Name)+word+text, " ")
}

// draw shows the step that was begun last; the others are counted.
func (st *Steps) draw() {
	if len(st.open) == 0 {
		st.s.move("")
		return
	}
	last := st.open[len(st.open)-1]
	frame := []rune(frames)[st.frame%len([]rune(frames))]
	line := " " + string(frame) + " " + pad(last.name)
	if d := time.Since(last.since); d >= time.Second {
		line += fmt.Sprintf("%d s   ", int(d.Seconds()))
	}
	st.s.move(runewidth.Truncate(strings.TrimRight(line+last.text, " "), st.s.Width-1, "…"))
}

func pad(name string) string { return padTo(name, nameWidth) }

func padTo(name string, width int) string {
	return name + strings.Repeat(" ", max(1, width-runewidth.StringWidth(name)))
}
