package term

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes one harmless line of text that may come from a guest: control characters, escape sequences and marks
// that turn the direction of writing are taken out, line breaks and tabs become blanks.
func Line(text string) string {
	var b strings.Builder
	c := NewCleaner(&b)
	_, _ = c.Write([]byte(text))
	_ = c.Flush()
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, strings.TrimRight(b.String(), "\n"))
}

// Cleaner passes text on without what could steer a terminal: of the control characters only line breaks and tabs
// are left, escape sequences vanish as a whole, and so do invisible format characters. What comes out does not depend
// on how the input was cut into writes.
type Cleaner struct {
	w     io.Writer
	state cleanState
	seen  int    // how much of the current escape sequence was swallowed
	rest  []byte // the beginning of a character that was cut
}

type cleanState int

const (
	inText   cleanState = iota
	inEscape            // after ESC
	inCSI               // ESC [ … final byte
	inString            // ESC ] and its like: … BEL or ESC \
	inStringEscape
)

// maxEscape bounds an escape sequence: one that never ends must not swallow the rest of the file.
const maxEscape = 256

// NewCleaner writes the cleaned text to w.
func NewCleaner(w io.Writer) *Cleaner { return &Cleaner{w: w} }

// Write cleans p. It keeps back a character that is not complete until the next Write or Flush.
func (c *Cleaner) Write(p []byte) (int, error) {
	data := append(c.rest, p...)
	c.rest = nil
	var out []byte
	for len(data) > 0 {
		if !utf8.FullRune(data) {
			c.rest = append([]byte(nil), data...)
			break
		}
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			r = 0xfffd
		}
		data = data[size:]
		if c.keep(r) {
			out = utf8.AppendRune(out, r)
		}
	}
	if _, err := c.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes a mark for a character that was never completed.
func (c *Cleaner) Flush() error {
	if len(c.rest) == 0 {
		return nil
	}
	c.rest = nil
	_, err := c.w.Write([]byte("\ufffd"))
	return err
}

// keep follows the escape sequences and tells whether r is text.
func (c *Cleaner) keep(r rune) bool {
	if c.state != inText {
		if c.seen++; c.seen > maxEscape || r == '\n' {
			c.state = inText
			return visible(r)
		}
	}
	switch c.state {
	case inEscape:
		c.state = afterEscape(r)
	case inCSI:
		if r >= 0x40 && r <= 0x7e {
			c.state = inText
		}
	case inString:
		switch r {
		case 0x07, 0x9c:
			c.state = inText
		case 0x1b:
			c.state = inStringEscape
		}
	case inStringEscape:
		c.state = inString
		if r == '\\' {
			c.state = inText
		}
	default:
		return c.text(r)
	}
	return false
}

// text decides about a character outside of any escape sequence.
func (c *Cleaner) text(r rune) bool {
	c.seen = 0
	switch r {
	case 0x1b:
		c.state = inEscape
	case 0x9b:
		c.state = inCSI
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f:
		c.state = inString
	default:
		return visible(r)
	}
	return false
}

func afterEscape(r rune) cleanState {
	switch r {
	case '[':
		return inCSI
	case ']', 'P', 'X', '^', '_':
		return inString
	case ' ', '#', '%', '(', ')', '*', '+':
		return inEscape // one more byte follows
	}
	return inText
}

func visible(r rune) bool {
	return r == '\n' || r == '\t' || !unicode.Is(unicode.C, r)
}
