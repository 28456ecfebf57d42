// Package arrays makes an array of drives that hold nothing, a file system on it, and a mount that comes back at each
// boot. It says what it will do before it does it, and takes back what it did when it cannot come to an end. Sources:
// mdadm(8), md(4), wipefs(8), mdadm.conf(5).
package arrays

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/mounts"
)

// The kinds of array, and the file systems, that can be made.
const (
	Raid1  = "raid1"
	Raid10 = "raid10"
	XFS    = "xfs"
	Ext4   = "ext4"
)

// Spec is what a person asks for. Everything in it is untrusted.
type Spec struct {
	Name   string   // of the array: /dev/md/NAME
	Level  string   // Raid1 or Raid10
	Drives []string // paths of whole drives, absolute; links are followed
	Mount  string   // where it is mounted, absolute
	FS     string   // XFS or Ext4
}

// Builder makes arrays on a machine; its zero value is this one.
type Builder struct {
	// Root is where /dev, /sys, /proc, /etc and /run are looked up; "" is "/".
	Root string
	// Run runs a program; nil is run.Command.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)
}

// Plan is a Spec that was held against the machine.
type Plan struct {
	Spec
	Drives []Drive
	made   bool // the folder at Mount has to be made
}

// Drive is one that holds nothing.
type Drive struct {
	Name          string // the kernel's
	Path          string // as it was given
	SizeBytes     uint64
	Model, Serial string
}

// Device is the array's own.
func (p Plan) Device() string { return "/dev/md/" + p.Name }

// namePattern keeps a name fit for a path, an argument and a line of mdadm.conf. md's own limit is 32 bytes.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// check is what can be said of a Spec without looking at the machine.
func (s Spec) check() error {
	least, even := 2, false
	switch s.Level {
	case Raid1:
	case Raid10:
		least, even = 4, true
	default:
		return fault.New(fault.Usage, "use raid1 or raid10", "%.40q is no kind of array that can be made", s.Level)
	}
	switch {
	case !namePattern.MatchString(s.Name):
		return fault.New(fault.Usage, "", `array name %.60q is not allowed: use 1 to 32 of a-z, 0-9 and "-", starting with a letter`, s.Name)
	case s.FS != XFS && s.FS != Ext4:
		return fault.New(fault.Usage, "use xfs or ext4", "%.40q is no file system that can be made", s.FS)
	case len(s.Drives) < least || even && len(s.Drives)%2 != 0:
		return fault.New(fault.Usage, "name at least "+strconv.Itoa(least)+evenly(even), "%s cannot be made of %d drives", s.Level, len(s.Drives))
	case !filepath.IsAbs(s.Mount) || filepath.Clean(s.Mount) != s.Mount || s.Mount == "/" || strings.ContainsFunc(s.Mount, unprintable):
		return fault.New(fault.Usage, "give an absolute path, such as /srv/holm", "%.60q is no place to mount something", s.Mount)
	}
	return nil
}

func evenly(even bool) string {
	if even {
		return ", an even number"
	}
	return ""
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }

// step is one command line of the work, with what is said of it.
type step struct {
	what string
	args []string // the program first
}

func (p Plan) create() step {
	args := []string{
		"mdadm", "--create", p.Device(), "--run", "--quiet", "--metadata=1.2", "--bitmap=internal", "--homehost=any", "--name=" + p.Name,
		"--level=" + strings.TrimPrefix(p.Level, "raid"), "--raid-devices=" + strconv.Itoa(len(p.Drives)),
	}
	return step{"make " + p.Level + " of " + strconv.Itoa(len(p.Drives)) + " drives", append(args, p.names()...)}
}

// names are the drives as the kernel has them: what was looked at, whatever a link says by now.
func (p Plan) names() []string {
	names := make([]string, len(p.Drives))
	for i, d := range p.Drives {
		names[i] = "/dev/" + d.Name
	}
	return names
}

func (p Plan) format() step {
	args := []string{"mkfs.xfs", "-q", "-m", "reflink=1", p.Device()}
	if p.FS == Ext4 {
		args = []string{"mkfs.ext4", "-q", "-m", "0", "-E", "nodiscard", p.Device()}
	}
	return step{"make " + p.FS + " on it", args}
}

// Lines says what will be done, for a person who is to agree with it.
func (p Plan) Lines() []string {
	var lines []string
	for _, d := range p.Drives {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("all of %s  %.1f GiB  %s  %s", d.Path, float64(d.SizeBytes)/(1<<30),
			d.Model, d.Serial), " "))
	}
	for _, s := range []step{p.create(), p.format()} {
		lines = append(lines, strings.Join(s.args, " "))
	}
	return append(lines, "a line for the array in "+config, "mount it at "+p.Mount+", now and at each boot")
}

func (b Builder) path(p string) string { return filepath.Join("/", b.Root, p) }

func (b Builder) run(ctx context.Context, args ...string) ([]byte, error) {
	if b.Run != nil {
		return b.Run(ctx, args[0], args[1:]...)
	}
	return run.Command(ctx, args[0], args[1:]...)
}

func (b Builder) systemd() mounts.Systemd { return mounts.Systemd{Root: b.Root, Run: b.Run} }
