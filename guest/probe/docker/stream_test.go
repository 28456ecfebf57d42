package docker

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestTheFirstLineOfAContainersOutput(t *testing.T) {
	for name, c := range map[string]struct{ stream, want, err string }{
		"one frame":                         {frame(1, "{}\n"), "{}", ""},
		"a line over many frames":           {frame(1, "{") + frame(2, "noise") + frame(1, "}\nmore"), "{}", ""},
		"an end before the line":            {frame(1, "{"), "", "told nothing"},
		"an end with a complaint":           {frame(2, "no such\nfile"), "", `"no such file"`},
		"an endless complaint is shortened": {strings.Repeat(frame(2, strings.Repeat("x", 1000)), 3), "", strings.Repeat("x", 200) + `"`},
		"a frame that is too long":          {"\x01\x00\x00\x00\xff\xff\xff\xff", "", "longer than"},
		"a frame that is cut":               {frame(1, "hello")[:10], "", "cut"},
		"a stream that there is not":        {frame(7, "x"), "", "stream 7"},
		"frames without end":                {strings.Repeat(frame(1, ""), maxFrames), "", "no line"},
		"a line without end":                {strings.Repeat(frame(1, strings.Repeat("x", 20000)), 5), "", "a line of more"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := firstLine(strings.NewReader(c.stream))
			if string(got) != c.want || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestAContainerThatTellsNonsense(t *testing.T) {
	for name, c := range map[string]struct{ out, want string }{
		"no JSON":          {frame(1, "hello\n"), `tells "hello"`},
		"JSON of no sense": {frame(1, `{"uid":"root"}`+"\n"), "cannot unmarshal"},
		"nothing":          {"", "told nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeDocker{logs: func(w io.Writer) { _, _ = io.WriteString(w, c.out) }}
			var told dockerTold
			err := serveDocker(t, fake, nil).told(t.Context(), fakeID(1), &told)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzFirstLine(f *testing.F) {
	f.Add([]byte(frame(1, "{}\n")))
	f.Add([]byte(frame(2, "oh") + frame(1, "x")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		line, err := firstLine(bytes.NewReader(stream))
		if bytes.ContainsRune(line, '\n') || (err != nil && line != nil) || len(line) > len(stream) {
			t.Errorf("got %q, %v", line, err)
		}
		if len(stream) == 0 && !errors.Is(err, errDockerSilent) {
			t.Error(err)
		}
	})
}
