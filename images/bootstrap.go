package images

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"holm/internal/fault"
	"holm/internal/run"
)

// bootstrap installs the packages into a new folder with mmdebstrap: those of the lock in their versions, or today's
// versions of what is wanted.
func bootstrap(ctx context.Context, root string, l Lock, m Mirror, locked bool, step func(done, total int64)) error {
	include := l.Wanted
	if locked {
		include = nil
		for _, name := range l.names() {
			include = append(include, name+"="+l.Packages[name].Version)
		}
	}
	args := []string{
		"--variant=custom", "--mode=root", "--format=directory", "--architectures=amd64", "--verbose",
		"--include=" + strings.Join(include, ","),
		`--aptopt=APT::Install-Recommends "false"`,
		`--aptopt=Acquire::Languages "none"`,
		`--aptopt=Acquire::Retries "3"`,
	}
	for _, path := range excluded {
		args = append(args, "--dpkgopt=path-exclude="+path)
	}
	args = append(args, l.Suite, root)
	args = append(args, m.sources(l.Suite)...)

	progress := &dpkgProgress{step: step, total: 2 * int64(max(len(l.Packages), len(l.Wanted)))}
	_, err := run.Run(ctx, run.Cmd{
		Name: "mmdebstrap",
		Args: args,
		Env:  append(proxyEnv(ctx), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", l.Epoch)),
		// It mounts the host's /dev and /sys below root. Whoever cleans up after a build that was killed would find them there.
		OwnMounts: true,
		Stdout:    progress.stream(),
		Stderr:    progress.stream(),
	})
	if err != nil {
		return fault.New(fault.Failure, wayOut+"; and the disk", "install Debian's packages: %w", err)
	}
	return nil
}

// dpkgProgress counts the packages that dpkg reports as unpacked and set up, on whichever of its streams.
type dpkgProgress struct {
	step func(done, total int64) // never called twice at once

	mu          sync.Mutex
	done, total int64
}

// stream returns a writer for one of the streams. Its Write never fails.
func (p *dpkgProgress) stream() *dpkgStream { return &dpkgStream{progress: p} }

type dpkgStream struct {
	progress *dpkgProgress
	line     []byte // what has come of a line whose end has not
}

// maxDpkgLine is as much of a line as tells what it says, in bytes.
const maxDpkgLine = 64

func (s *dpkgStream) Write(b []byte) (int, error) {
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		part := b
		if i >= 0 {
			part = b[:i]
		}
		s.line = append(s.line, part[:min(len(part), maxDpkgLine-len(s.line))]...)
		if i < 0 {
			return n, nil
		}
		s.progress.read(s.line)
		s.line, b = s.line[:0], b[i+1:]
	}
}

func (p *dpkgProgress) read(line []byte) {
	if !bytes.HasPrefix(line, []byte("Unpacking ")) && !bytes.HasPrefix(line, []byte("Setting up ")) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = min(p.done+1, p.total)
	p.step(p.done, p.total)
}
