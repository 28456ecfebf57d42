package images

import (
	"bytes"
	"context"
	"fmt"
	"strings"

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
		Name:   "mmdebstrap",
		Args:   args,
		Env:    append(proxyEnv(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", l.Epoch)),
		Stdout: progress,
		Stderr: progress,
	})
	if err != nil {
		return fault.New(fault.Failure, "see why with: holm -v image build", "install Debian's packages: %w", err)
	}
	return nil
}

// dpkgProgress counts the packages that dpkg reports as unpacked and set up.
type dpkgProgress struct {
	step        func(done, total int64)
	done, total int64
	line        []byte
}

// Write never fails. A line longer than 4 KiB is not one of dpkg's and is dropped.
func (p *dpkgProgress) Write(b []byte) (int, error) {
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			if len(p.line)+len(b) < 4<<10 {
				p.line = append(p.line, b...)
			}
			return n, nil
		}
		line := append(p.line, b[:i]...)
		if bytes.HasPrefix(line, []byte("Unpacking ")) || bytes.HasPrefix(line, []byte("Setting up ")) {
			p.done = min(p.done+1, p.total)
			p.step(p.done, p.total)
		}
		p.line, b = p.line[:0], b[i+1:]
	}
}
