package term_test

import (
	"strings"
	"testing"
	"unicode"

	"holm/internal/term"
)

func cleaned(t *testing.T, pieces ...string) string {
	t.Helper()
	var b strings.Builder
	c := term.NewCleaner(&b)
	for _, piece := range pieces {
		if n, err := c.Write([]byte(piece)); err != nil || n != len(piece) {
			t.Fatalf("Write(%q) = %d, %v", piece, n, err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCleaner(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"text, line breaks and tabs pass", "a\tb\nc ä €\n", "a\tb\nc ä €\n"},
		{"carriage returns and bells go", "a\r\nb\a\x00\x7f", "a\nb"},
		{"colours go as a whole", "\x1b[1;31mred\x1b[0m", "red"},
		{"a window title goes as a whole", "\x1b]0;evil\x07text", "text"},
		{"a title that ends in ESC backslash goes as a whole", "\x1b]0;evil\x1b\\text", "text"},
		{"a device control string goes as a whole", "\x1bP$q\"p\x1b\\text", "text"},
		{"character sets go as a whole", "\x1b(Btext", "text"},
		{"eight-bit control sequences go", "a\u009b31mb\u009d0;x\u009cc", "abc"},
		{"marks that turn the writing go", "abc\u202edef\u200b", "abcdef"},
		{"a sequence that never ends gives the next line back", "\x1b]0;evil\nline", "\nline"},
		{"broken UTF-8 becomes a mark", "a\xffb", "a\ufffdb"},
		{"a character that is never finished becomes a mark", "a\xe2\x82", "a\ufffd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := cleaned(t, tc.in); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got := cleaned(t, strings.Split(tc.in, "")...); got != tc.want {
				t.Errorf("written character by character: got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLineIsOneLine(t *testing.T) {
	if got, want := term.Line("a\r\nb\tc\x1b[2J\n"), "a b c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzCleaner(f *testing.F) {
	f.Add("a\x1b[31mb\x1b]0;t\x07c\xe2\x82\xac\xff", 3)
	f.Fuzz(func(t *testing.T, in string, cut int) {
		whole := cleaned(t, in)
		for _, r := range whole {
			if r != '\n' && r != '\t' && unicode.Is(unicode.C, r) {
				t.Fatalf("%q came through in %q", r, whole)
			}
		}
		cut = min(max(cut, 0), len(in))
		if parts := cleaned(t, in[:cut], in[cut:]); parts != whole {
			t.Fatalf("cut at %d: %q, in one piece: %q", cut, parts, whole)
		}
	})
}
