// Package mounts has the host's systemd mount file systems, and start instances only once those of their pools are
// mounted. Sources: systemd.mount(5), systemd.unit(5).
package mounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"holm/internal/atomicfile"
	"holm/internal/run"
	"holm/internal/unitfile"
)

// unitDir is where units of the operator's own lie.
const unitDir = "/etc/systemd/system"

// ordered are the units that start instances with the host, and shut them down with it: what is mounted for a pool is there
// before and after.
var ordered = []string{"holm-resume.service", "holm-shutdown.service"}

// Systemd is the host's; its zero value is this one's.
type Systemd struct {
	// Root is where /etc and /run are looked up; "" is "/".
	Root string
	// State is the state directory whose pools they are; "" is the one that the units start instances of.
	State string
	// Run runs a program; nil is run.Command.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)
}

// Running tells whether systemd is what runs this host.
func (s Systemd) Running() bool {
	_, err := os.Stat(s.path("/run/systemd/system"))
	return err == nil
}

// UnitName is the name of the unit that mounts something at a path, which is absolute and clean.
func UnitName(path string) string { return escape(path) + ".mount" }

// escape is what systemd-escape --path does.
func escape(path string) string {
	path = strings.Trim(path, "/")
	if path == "" {
		return "-"
	}
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/':
			b.WriteByte('-')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == ':', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// Order has the units of instances want, and wait for, what is mounted at a path on which a pool of that name lies. It may be
// called again. Nothing happens on a host without systemd.
func (s Systemd) Order(pool, path string) error {
	if !s.Running() {
		return nil
	}
	unit := UnitName(path)
	text, err := unitfile.Encode(unitfile.File{"Unit": {{Name: "After", Value: unit}, {Name: "Wants", Value: unit}}})
	if err != nil {
		return fmt.Errorf("order instances after %s: %w", path, err)
	}
	for _, file := range s.dropIns(pool) {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // as every folder of units
			return fmt.Errorf("order instances after %s: %w", path, err)
		}
		if err := atomicfile.WriteBytes(file, 0o644, text); err != nil {
			return err
		}
	}
	return nil
}

// Unorder takes back what Order did. No error when there is nothing.
func (s Systemd) Unorder(pool string) (err error) {
	for _, file := range s.dropIns(pool) {
		err = errors.Join(err, remove(file))
	}
	return err
}

// served is the state directory that the units start instances of, as they come.
const served = "/var/lib/holm"

// dropIns are the files of a pool. Two state directories may each have a pool of that name.
func (s Systemd) dropIns(pool string) (files []string) {
	name := "pool-" + pool
	if s.State != "" && s.State != served {
		sum := sha256.Sum256([]byte(s.State))
		name += "." + hex.EncodeToString(sum[:6])
	}
	for _, unit := range ordered {
		files = append(files, s.path(filepath.Join(unitDir, unit+".d", name+".conf")))
	}
	return files
}

// Mount is a file system that is mounted at each boot.
type Mount struct{ What, Where, Type, For string }

// Add writes the unit of a mount and mounts it. On a host without systemd it only mounts. An existing unit of that name
// is an error that wraps fs.ErrExist. What it began and could not finish, it takes back.
func (s Systemd) Add(ctx context.Context, m Mount) error {
	if !s.Running() {
		_, err := s.run(ctx, "mount", "-t", m.Type, m.What, m.Where)
		return err
	}
	text, err := unitfile.Encode(unitfile.File{
		"Unit": {{Name: "Description", Value: m.For}},
		"Mount": {
			{Name: "What", Value: m.What},
			{Name: "Where", Value: m.Where},
			{Name: "Type", Value: m.Type},
			{Name: "Options", Value: "noatime"},
		},
		"Install": {{Name: "WantedBy", Value: "local-fs.target"}},
	})
	if err != nil {
		return fmt.Errorf("write the unit of %s: %w", m.Where, err)
	}
	path := s.UnitPath(m.Where)
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	if err := atomicfile.WriteBytes(path, 0o644, text); err != nil {
		return err
	}
	_, err = s.run(ctx, "systemctl", "daemon-reload")
	if err == nil {
		_, err = s.run(ctx, "systemctl", "--quiet", "enable", "--now", UnitName(m.Where))
	}
	if err != nil {
		return errors.Join(err, s.Remove(context.WithoutCancel(ctx), m))
	}
	return nil
}

// Remove unmounts what Add mounted and removes its unit. It may be called again.
func (s Systemd) Remove(ctx context.Context, m Mount) error {
	if !s.Running() {
		_, err := s.run(ctx, "umount", m.Where)
		return err
	}
	path := s.UnitPath(m.Where)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, err := s.run(ctx, "systemctl", "--quiet", "disable", "--now", UnitName(m.Where))
	if err := errors.Join(err, remove(path)); err != nil {
		return err
	}
	_, err = s.run(ctx, "systemctl", "daemon-reload")
	return err
}

// UnitPath is where the unit of a mount lies.
func (s Systemd) UnitPath(where string) string {
	return s.path(filepath.Join(unitDir, UnitName(where)))
}

func (s Systemd) path(p string) string { return filepath.Join("/", s.Root, p) }

func (s Systemd) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	if s.Run != nil {
		return s.Run(ctx, name, args...)
	}
	return run.Command(ctx, name, args...)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
