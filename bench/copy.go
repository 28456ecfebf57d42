//go:build bench

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"holm/internal/run"
)

// What is copied: one file, and many of 4 KiB.
const (
	copyMB    = 200
	copyFiles = 2000
)

// measureCopy compares "holm cp" with what a person would use with the configuration that holm exports: scp and rsync.
func measureCopy(ctx context.Context, l *lab, rounds int) (rows []row, err error) {
	d, err := l.needDay(ctx)
	if err != nil {
		return nil, err
	}
	config, err := d.run(ctx, "ssh-config", dayGuest)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(d.dir, "exported")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(filepath.Join(d.dir, "copied"))) }()
	for _, what := range []struct {
		title string
		make  func(dir string) error
	}{
		{fmt.Sprintf("cp of %d MB", copyMB), func(dir string) error { return fill(filepath.Join(dir, "one"), copyMB*1e6) }},
		{fmt.Sprintf("cp of %d files", copyFiles), fillMany},
	} {
		l.say("  " + what.title)
		dir, err := l.scratch("day/copied")
		if err != nil {
			return nil, err
		}
		if err := what.make(dir); err != nil {
			return nil, err
		}
		s, err := alternate(ctx, rounds, l.say,
			d.copies(l.holm, "--quiet", "cp", "-r", dir, dayGuest+":"),
			d.copies("scp", "-q", "-r", "-p", "-F", file, dir, "holm-"+dayGuest+":"),
			d.copies("rsync", "-a", "-e", "ssh -F "+file, dir, "holm-"+dayGuest+":"))
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			against(what.title, inSeconds, s[0], "scp", s[1], goal{}),
			against(what.title, inSeconds, s[0], "rsync", s[2], goal{}))
	}
	return rows, nil
}

// copies times a command that copies a folder called "copied", and removes what it has copied.
func (d *day) copies(name string, args ...string) leg {
	return func(ctx context.Context) (float64, error) {
		took, err := stopwatch(func() error {
			_, err := run.Run(ctx, run.Cmd{Name: name, Args: args, Env: d.environment()})
			return err
		})
		_, err2 := d.sh(context.WithoutCancel(ctx), "rm -r ~/copied && sync")
		return took, errors.Join(err, err2)
	}
}

func fillMany(dir string) error {
	const folder, size = 100, 4 << 10
	for i := range copyFiles {
		path := filepath.Join(dir, fmt.Sprint(i/folder), fmt.Sprint(i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), fill(path, size)); err != nil {
			return err
		}
	}
	return nil
}

// fill makes a file of what nobody can compress.
func fill(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, size)
	return errors.Join(err, f.Close())
}
