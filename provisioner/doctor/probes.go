package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"holm/internal/run"
	"holm/provisioner/doctor/tiny"
)

// Probes are measurements that are made by system calls or by running programs. A test replaces them.
type Probes struct {
	// Boot boots the tiny kernel on that QEMU program; see tiny.Boot.
	Boot func(ctx context.Context, qemu, accel string) (tiny.Outcome, error)
	// Namespace runs a program in a network namespace of its own, which vanishes with it: what it does to the
	// network touches nothing. errNoNamespace, wrapped, when there can be none.
	Namespace func(ctx context.Context, program string, args ...string) error
	// Ruleset is what "nft -j list ruleset" prints: the rules of all firewalls of the host.
	Ruleset func(ctx context.Context) ([]byte, error)
	// Version runs a program with --version and returns what it prints.
	Version func(ctx context.Context, program string) (string, error)
	// Free returns the bytes that holm may still write to the file system of a path that exists.
	Free func(path string) (uint64, error)
	// Synchronised tells whether the kernel believes that its clock is.
	Synchronised func() (bool, error)
	// Ask puts a question to a name server; nil when it has answered.
	Ask func(ctx context.Context, server netip.Addr) error
	// Euid is the effective user that holm runs as.
	Euid func() int
}

func (p Probes) orReal() Probes {
	if p.Boot == nil {
		p.Boot = tiny.Boot
	}
	if p.Namespace == nil {
		p.Namespace = namespace
	}
	if p.Ruleset == nil {
		p.Ruleset = ruleset
	}
	if p.Version == nil {
		p.Version = version
	}
	if p.Free == nil {
		p.Free = free
	}
	if p.Synchronised == nil {
		p.Synchronised = synchronised
	}
	if p.Ask == nil {
		p.Ask = askNames
	}
	if p.Euid == nil {
		p.Euid = os.Geteuid
	}
	return p
}

var errNoNamespace = errors.New("no network namespace can be made to try it in")

func namespace(ctx context.Context, program string, args ...string) error {
	argv := []string{"--net"}
	if os.Geteuid() != 0 {
		argv = []string{"--map-root-user", "--net"}
	}
	argv = append(append(argv, "--", program), args...)
	_, err := run.Run(ctx, run.Cmd{Name: "unshare", Args: argv})
	if err != nil && (errors.Is(err, run.ErrMissing) || strings.Contains(err.Error(), "unshare failed")) {
		return fmt.Errorf("%w: %w", errNoNamespace, err)
	}
	return err
}

func ruleset(ctx context.Context) ([]byte, error) {
	return run.Command(ctx, "nft", "-j", "list", "ruleset")
}

func version(ctx context.Context, program string) (string, error) {
	out, err := run.Run(ctx, run.Cmd{Name: program, Args: []string{"--version"}})
	return string(out), err
}

func free(path string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", path, err)
	}
	return st.Bavail * uint64(st.Bsize), nil //nolint:gosec // a block size is positive
}

func synchronised() (bool, error) {
	var t unix.Timex // Modes 0: only reads
	if _, err := unix.Adjtimex(&t); err != nil {
		return false, fmt.Errorf("adjtimex: %w", err)
	}
	return t.Status&unix.STA_UNSYNC == 0, nil
}
