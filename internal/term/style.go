package term

// Tone says what state a word marks. Colour carries no other information, and never the only copy of it.
type Tone int

// The tones. Plain is for everything that marks no state.
const (
	Plain Tone = iota
	Good
	Attention
	Broken
)

// Style paints words; the zero value leaves them as they are.
type Style bool

// Paint colours text by its tone.
func (s Style) Paint(tone Tone, text string) string {
	codes := map[Tone]string{Good: "\x1b[32m", Attention: "\x1b[33m", Broken: "\x1b[31m"}
	code, ok := codes[tone]
	if !bool(s) || !ok || text == "" {
		return text
	}
	return code + text + "\x1b[0m"
}
