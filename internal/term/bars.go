package term

import (
	"context"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Bars shows how far lengthy work has come, a line for each part: a bar where it is known how much there is to do,
// else something that moves. In a pipe each part gets a line when it begins and one when it is done.
type Bars struct {
	s    *Streams
	pool *mpb.Progress // nil in a pipe

	mu    sync.Mutex
	parts map[string]*part
	blind *part // the part at hand when nobody knows how much it has to do: it ends when the next one begins
}

type part struct {
	name string
	bar  *mpb.Bar // nil in a pipe
	done bool
}

const partWidth = 20

// Bars begins to show progress on Err. Close must be called.
func (s *Streams) Bars(ctx context.Context) *Bars {
	b := &Bars{s: s, parts: map[string]*part{}}
	if s.ErrTerminal {
		b.pool = mpb.NewWithContext(ctx, mpb.WithOutput(Unwatched(s.Err)), mpb.WithWidth(min(s.Width, DefaultWidth)),
			mpb.WithAutoRefresh())
		s.divert(b.pool)
	}
	return b
}

// Update says that done of total are done, in whatever unit; a total of 0 means that nobody knows how much there is.
func (b *Bars) Update(name string, done, total int64) {
	name = Line(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	p, known := b.parts[name]
	if !known {
		b.finish(b.blind)
		p = b.begin(name, total)
	}
	if p.bar != nil && total > 0 {
		p.bar.SetTotal(total, false)
		p.bar.SetCurrent(done)
	}
	if total > 0 && done >= total {
		b.finish(p)
	}
}

func (b *Bars) begin(name string, total int64) *part {
	p := &part{name: name}
	b.parts[name] = p
	b.blind = nil
	share := decor.OnComplete(decor.Percentage(decor.WC{W: 6}), "")
	style := mpb.BarFillerBuilder(mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound(""))
	if total <= 0 {
		b.blind = p
		style, share = mpb.SpinnerStyle().PositionLeft(), decor.Name("")
	}
	if b.pool == nil {
		b.s.Say(padTo(name, partWidth) + "begun")
		return p
	}
	p.bar = b.pool.New(total, style, mpb.BarFillerOnComplete("✓"),
		mpb.PrependDecorators(decor.Name(padTo(" "+name, partWidth))),
		mpb.AppendDecorators(share, decor.Elapsed(decor.ET_STYLE_GO, decor.WC{W: 8})))
	return p
}

func (b *Bars) finish(p *part) {
	if p == nil || p.done {
		return
	}
	p.done = true
	if p.bar == nil {
		b.s.Say(padTo(p.name, partWidth) + "done")
		return
	}
	p.bar.SetTotal(-1, true) // whatever was reached is all there is
}

// Close gives the terminal back. When the work is whole, the part at hand is done; else it is left as it stands.
func (b *Bars) Close(whole bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if whole {
		b.finish(b.blind)
	}
	if b.pool == nil {
		return
	}
	for _, p := range b.parts {
		p.bar.Abort(false) // no effect on one that is done
	}
	b.s.divert(nil)
	b.pool.Wait()
}
