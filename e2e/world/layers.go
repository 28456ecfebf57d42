package world

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"holm/internal/lock"
	"holm/internal/run"
)

// packages are what the images are made of, with all that they depend on, from Debian 13.
const packages = "base-files dash coreutils grep sed busybox-static nginx postgresql redis-server"

// layers returns the layer with all of that software, and one that holds busybox alone: files in folder, made when they
// are not there.
func layers(ctx context.Context, folder string) (software, busybox string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a cache of public files
		return "", "", err
	}
	held, err := lock.Acquire(ctx, filepath.Join(folder, "lock"))
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	software, busybox = filepath.Join(folder, "software-1.tar.gz"), filepath.Join(folder, "busybox-1.tar.gz")
	if _, err := os.Stat(busybox); err == nil { // made last
		return software, busybox, nil
	}
	work, err := os.MkdirTemp(folder, "making-")
	if err != nil {
		return "", "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	debs, err := download(ctx, work)
	if err != nil {
		return "", "", err
	}
	for _, l := range []struct {
		path string
		keep func(string) bool
	}{{software, needed}, {busybox, isBusybox}} {
		half := filepath.Join(work, "half")
		if err := pack(ctx, debs, half, l.keep); err != nil {
			return "", "", fmt.Errorf("%s: %w", l.path, err)
		}
		if err := os.Rename(half, l.path); err != nil {
			return "", "", err
		}
	}
	return software, busybox, nil
}

// download has apt, with a configuration of its own, fetch the packages and what they depend on. They are not installed,
// and not even extracted: what is wanted of them goes into a layer as it is.
func download(ctx context.Context, folder string) ([]string, error) {
	_, err := run.Run(ctx, run.Cmd{
		Name: "mmdebstrap", Env: []string{"TMPDIR=" + folder, "FOLDER=" + folder},
		Args: []string{
			"--quiet", "--variant=custom", "--format=null",
			"--customize-hook=APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq --yes --download-only install " + packages,
			`--customize-hook=cp "$1"/var/cache/apt/archives/*.deb "$FOLDER"`, "trixie",
		},
	})
	if err != nil {
		return nil, err
	}
	debs, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	// base-files has the links that everybody else's paths go through.
	slices.SortStableFunc(debs, func(a, b string) int { return strings.Compare(isBase(a), isBase(b)) })
	return debs, err
}

func isBase(deb string) string {
	if strings.HasPrefix(filepath.Base(deb), "base-files_") {
		return "0"
	}
	return "1"
}

func isBusybox(p string) bool { return p == "usr/bin/busybox" }

// needed tells whether an image needs a file: an emulated guest unpacks each in its own good time.
func needed(p string) bool {
	for _, dir := range []string{
		"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/perl", "usr/share/i18n", "usr/share/lintian",
		"usr/share/bash-completion", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/x86_64-linux-gnu/libLLVM",
		"usr/lib/x86_64-linux-gnu/libz3", "usr/lib/x86_64-linux-gnu/libperl", "usr/lib/llvm", "usr/bin/perl", "usr/lib/systemd", "var/cache",
		"var/lib/apt", "var/lib/dpkg", "dev/",
	} {
		if strings.HasPrefix(p, dir) {
			return false
		}
	}
	return !strings.Contains(p, "/bitcode/") && !strings.HasSuffix(p, "/llvmjit.so")
}

// pack writes a layer of those of the packages' files that are kept.
func pack(ctx context.Context, debs []string, to string, keep func(string) bool) (err error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // a cache of public files
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	packed := gzip.NewWriter(out)
	l := layer{w: tar.NewWriter(packed), seen: map[string]bool{}, keep: keep}
	for _, deb := range debs {
		if keep("usr/bin/sh") || strings.HasPrefix(filepath.Base(deb), "busybox-static_") {
			if err := l.add(ctx, deb); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(deb), err)
			}
		}
	}
	if !keep("usr/bin/sh") {
		err = applets(l.w)
	}
	return errors.Join(err, l.w.Close(), packed.Close())
}

// layer is one that is being written.
type layer struct {
	w    *tar.Writer
	seen map[string]bool
	keep func(string) bool
}

// add adds the files of a package.
func (l layer) add(ctx context.Context, deb string) error {
	from, to := io.Pipe()
	go func() {
		_, err := run.Run(ctx, run.Cmd{Name: "dpkg-deb", Args: []string{"--fsys-tarfile", deb}, Stdout: to})
		_ = to.CloseWithError(err)
	}()
	defer func() { _ = from.Close() }()
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if err == io.EOF { //nolint:errorlint // as it is documented
			_, err = io.Copy(io.Discard, from)
			return err
		} else if err != nil {
			return err
		}
		name := path.Clean(h.Name)
		if name == "." || l.seen[name] || !l.keep(name) {
			continue
		}
		l.seen[name] = true
		h.Name = name
		if !l.keep("usr/bin/sh") {
			h.Name = "bin/busybox"
		}
		if err := l.w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.Copy(l.w, r); err != nil { //nolint:gosec // Debian's own packages
			return err
		}
	}
}

// applets are links for what busybox can do.
func applets(w *tar.Writer) error {
	for applet := range strings.FieldsSeq("sh cat echo false grep httpd id ip ls mkdir nc nslookup ping rm sed sleep " +
		"stat sync touch true wget") {
		h := tar.Header{Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
	}
	return nil
}
