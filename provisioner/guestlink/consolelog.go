package guestlink

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/parts"
)

// tail is how much of the end of a console log is looked at, in bytes.
const tail = 16 << 10

// colours are what systemd and others write to a console besides text.
var colours = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// end says how a guest ended while it was doing something else, in its own last words.
func (l *Link) end(inst model.Instance, while string, e hypervisor.Event) error {
	what := "the guest switched itself off while " + while
	switch {
	case e.State == hypervisor.Crashed:
		what = "the guest's kernel stopped while " + while
	case e.State == hypervisor.Absent:
		what = "somebody removed the domain while the guest was " + while
	case e.Reason == "destroyed":
		what = "somebody cut the guest's power while it was " + while
	}
	if said := lastWords(parts.ConsolePath(l.Parts.Dir, inst.ID)); said != "" {
		return &Verdict{What: what + ": " + said}
	}
	return &Verdict{What: fmt.Sprintf("%s (%s)", what, model.OneLine(e.Reason))}
}

// lastWords finds the line of a console log that most likely says why the guest ended: the kernel's or holm's own last
// complaint, else the last line.
func lastWords(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > tail {
		if _, err := f.Seek(-tail, io.SeekEnd); err != nil {
			return ""
		}
	}
	content, err := io.ReadAll(io.LimitReader(f, tail))
	if err != nil {
		return ""
	}
	last, complaint := "", ""
	for line := range strings.Lines(string(content)) {
		line = model.OneLine(colours.ReplaceAllString(line, ""))
		if line == "" {
			continue
		}
		last = line
		for _, sign := range []string{"Kernel panic - not syncing", "holm: this instance cannot boot"} {
			if i := strings.Index(line, sign); i >= 0 && !strings.Contains(line, "end "+sign) {
				complaint = line[i:]
			}
		}
	}
	if complaint != "" {
		return complaint
	}
	return last
}
