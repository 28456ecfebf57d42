package boot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// What the exit status of e2fsck is made of.
const (
	fsckCorrected = 1 | 2 // errors were corrected; 2 wants a reboot where the file system is mounted, and here it is not
	fsckLeft      = 4     // errors were left
	fsckFailed    = 8     // e2fsck itself could not go on: with the first superblock, for instance
)

// repairWithin bounds a repair. What e2fsck has done when it is ended stays done.
const repairWithin = time.Hour

// maxSaid is how many lines of e2fsck's the console is told at most: a wrecked file system has one for each file.
const maxSaid = 100

// fsck runs e2fsck and returns what it said, and its exit status. An error says that it could not be run.
type fsck func(ctx context.Context, args ...string) (said []byte, status int, err error)

// check leaves a consistent file system on the disk or fails. What e2fsck may mend without asking is mended in silence.
// What is worse gets the one thing that a person could do about it as well: every question is answered with yes, once,
// and the console is told what was found. Files that lost their names are in lost+found of the state volume.
func check(ctx context.Context, run fsck, disk string, console io.Writer) error {
	said, status, err := run(ctx, "-p", disk)
	switch {
	case err != nil:
		return fmt.Errorf("e2fsck -p %s: %w", disk, err)
	case status&^fsckCorrected == 0:
		return nil
	case status&^(fsckCorrected|fsckLeft|fsckFailed) != 0:
		return fmt.Errorf("e2fsck -p %s ended with status %d: %s", disk, status, lastSaid(said))
	}
	_, _ = fmt.Fprintf(console, "holm: the file system of the state volume is damaged, and is being repaired; this may take long\n")
	tell(console, said)
	ctx, cancel := context.WithTimeout(ctx, repairWithin)
	defer cancel()
	said, status, err = run(ctx, "-f", "-y", disk)
	tell(console, said)
	switch {
	case err != nil:
		return fmt.Errorf("e2fsck -y %s: %w", disk, err)
	case status&^fsckCorrected != 0:
		return fmt.Errorf("the file system of the state volume is damaged, and e2fsck -y, which ended with status %d, did not repair it (%s): "+
			"keep a copy of the volume before anything else; what can be done is in docs/USING.md, \"A damaged disk\"", status, lastSaid(said))
	}
	_, _ = fmt.Fprintf(console, "holm: the file system of the state volume is repaired; what lost its name is in %s/lost+found\n", StateDir)
	return nil
}

// tell repeats what e2fsck said, up to a number of lines.
func tell(console io.Writer, said []byte) {
	number := 0
	for line := range bytes.Lines(said) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if number++; number > maxSaid {
			_, _ = fmt.Fprintf(console, "e2fsck: and so on\n")
			return
		}
		_, _ = fmt.Fprintf(console, "e2fsck: %.200s\n", line)
	}
}

// lastSaid is the last line of what e2fsck said, short enough to stand in an error of one line.
func lastSaid(said []byte) string {
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	return fmt.Sprintf("%.200s", strings.TrimSpace(lines[len(lines)-1]))
}
