package images

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// counted feeds a stream in pieces and returns how far the progress came.
func counted(t *testing.T, total int64, pieces ...string) int64 {
	t.Helper()
	var last int64
	p := &dpkgProgress{total: total, step: func(done, of int64) {
		if of != total || done < last || done > total {
			t.Errorf("step(%d, %d) after %d of %d", done, of, last, total)
		}
		last = done
	}}
	s := p.stream()
	for _, piece := range pieces {
		if n, err := s.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Errorf("Write returned %d, %v for %d bytes", n, err, len(piece))
		}
	}
	return last
}

func TestPackagesAreCountedAsDpkgNamesThem(t *testing.T) {
	const dpkg = "Selecting previously unselected package bash.\n" +
		"Preparing to unpack .../bash_5.2.37-2_amd64.deb ...\n" +
		"Unpacking bash (5.2.37-2) ...\n" +
		"Setting up bash (5.2.37-2) ...\n" +
		"I: Unpacking is nothing at the start of this line\n"
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		pieces []string
		want   int64
	}{
		"all in one":                       {[]string{dpkg}, 2},
		"byte by byte":                     {strings.Split(dpkg, ""), 2},
		"cut in the middle of a word":      {[]string{"Unpa", "cking bash\nSett", "ing up bash\n"}, 2},
		"cut before the line's end":        {[]string{"Unpacking bash", "\n", "Setting up bash", "\n"}, 2},
		"a line without its end":           {[]string{"Unpacking bash\nSetting up ba"}, 1},
		"empty lines":                      {[]string{"\n\n", "\n", "Unpacking bash\n"}, 1},
		"a line of a MiB is one line":      {[]string{"Unpacking " + long, long + "\n", "Setting up x\n"}, 2},
		"the middle of a long line":        {[]string{long, "Setting up x\nSetting up y\n"}, 1},
		"nothing":                          {[]string{"", ""}, 0},
		"more packages than were expected": {[]string{strings.Repeat("Unpacking x\n", 50)}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			if got := counted(t, 10, c.pieces...); got != c.want {
				t.Errorf("counted %d, want %d", got, c.want)
			}
		})
	}
}

// mmdebstrap's two streams are Read by two goroutines; a line of one must not be mixed with the other's.
func TestBothStreamsAreCountedAtOnce(t *testing.T) {
	const each = 500
	var last int64
	p := &dpkgProgress{total: 2 * each, step: func(done, _ int64) { last = done }}
	var wg sync.WaitGroup
	for range 2 {
		s := p.stream()
		wg.Go(func() {
			for i := range each {
				for _, piece := range []string{"Unpack", fmt.Sprintf("ing p%d (1) ...", i), "\n"} {
					if _, err := s.Write([]byte(piece)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if last != 2*each {
		t.Errorf("counted %d packages, want %d", last, 2*each)
	}
}
