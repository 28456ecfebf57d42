package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"holm/guest"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/lock"
)

const (
	// layoutVersion changes whenever the builder makes something else of the same inputs.
	layoutVersion = "1"
	// scratchPrefix names folders of builds under way and of images being removed.
	scratchPrefix = ".holm-"
)

// BuildOptions say what to build.
type BuildOptions struct {
	Lock   Lock
	Mirror Mirror
	// Locked refuses when a package of the lock is gone; otherwise today's packages take its place.
	Locked bool
	// Force builds although the store has an image of the same inputs.
	Force bool
	// Progress is told what is being done; total is 0 when it cannot be known. Nil is nobody.
	Progress func(phase string, done, total int64)
	// Moved is told, before the long work, which packages differ from the lock. Nil is nobody.
	Moved func([]Move)
}

// Build makes the image of a lock and publishes it, or returns the one that is there. It needs root, because it
// installs packages into a folder. Only one build runs at a time in a store; another one waits.
func (s *Store) Build(ctx context.Context, o BuildOptions) (Manifest, error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	inputs, err := buildInputs(o.Lock)
	if err != nil {
		return Manifest{}, err
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "sha256"), 0o711); err != nil {
		return Manifest{}, fmt.Errorf("make the image store: %w", err)
	}
	held, err := lock.Acquire(ctx, filepath.Join(s.dir, ".build.lock"))
	if err != nil {
		return Manifest{}, err
	}
	defer held.Release()
	if !o.Force {
		if m, ok, err := s.ByInputs(inputs); err != nil || ok {
			return m, err
		}
	}
	if os.Geteuid() != 0 {
		return Manifest{}, fault.New(fault.Unfit, "run: sudo holm image build", "building an image needs root")
	}
	if err := s.sweep(); err != nil {
		return Manifest{}, err
	}
	scratch, err := os.MkdirTemp(s.dir, scratchPrefix+"build-")
	if err != nil {
		return Manifest{}, err
	}
	m, err := s.build(ctx, scratch, inputs, o)
	return m, errors.Join(err, os.RemoveAll(scratch))
}

// sweep removes what builds and removals that were killed have left. The caller holds the build lock.
func (s *Store) sweep() error {
	left, err := filepath.Glob(filepath.Join(s.dir, scratchPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("clean up after an earlier build: %w", err)
		}
	}
	return nil
}

func (s *Store) build(ctx context.Context, scratch, inputs string, o BuildOptions) (Manifest, error) {
	o.Progress("package lists", 0, 0)
	mirror, err := fetchIndex(ctx, filepath.Join(scratch, "apt"), o.Mirror, o.Lock.Suite)
	if err != nil {
		return Manifest{}, err
	}
	gone := mirror.gone(o.Lock)
	if len(gone) > 0 && o.Locked {
		return Manifest{}, fault.New(fault.Failure, "renew the lock: holm image lock      or take today's packages: holm image build",
			"the mirror no longer has %d packages of the lock: %s", len(gone), joinMoves(gone))
	}
	if len(gone) > 0 && o.Moved != nil {
		o.Moved(gone)
	}
	root := filepath.Join(scratch, "root")
	err = bootstrap(ctx, root, o.Lock, o.Mirror, len(gone) == 0 && len(o.Lock.Packages) > 0, func(done, total int64) {
		o.Progress("packages", done, total)
	})
	if err != nil {
		return Manifest{}, err
	}
	installed, err := mirror.installed(ctx, root)
	if err != nil {
		return Manifest{}, err
	}
	moved := o.Lock.moves(installed)
	m := Manifest{
		Name: o.Lock.Name, Suite: o.Lock.Suite, Inputs: inputs, Epoch: time.Unix(o.Lock.Epoch, 0).UTC(),
		Unlocked: len(moved) > 0, Moved: moved, Profiles: []string{"plain", "docker"}, Builder: runtime.Version(),
		Packages: installed, Salt: "-",
	}
	out := filepath.Join(scratch, "image")
	if err := assemble(ctx, root, out, &m, o.Progress); err != nil {
		return Manifest{}, err
	}
	o.Progress("publish", 0, 0)
	return s.publish(out, m)
}

// assemble makes the image's files of a root file system and enters them into the manifest.
func assemble(ctx context.Context, root, out string, m *Manifest, progress func(string, int64, int64)) error {
	if err := os.Mkdir(out, 0o711); err != nil {
		return err
	}
	progress("kernel and initrd", 0, 0)
	kernel, version, err := findKernel(root)
	if err != nil {
		return err
	}
	m.KernelVersion = version
	content, err := os.ReadFile(kernel)
	if err != nil {
		return err
	}
	if m.Kernel, err = writeImageFile(out, kernelFile, content); err != nil {
		return err
	}
	init, err := guest.Program(guest.Init)
	if err != nil {
		return err
	}
	var initrd bytes.Buffer
	if err := writeInitrd(&initrd, filepath.Join(root, "usr/lib/modules", version), init); err != nil {
		return err
	}
	if m.Initrd, err = writeImageFile(out, initrdFile, initrd.Bytes()); err != nil {
		return err
	}
	progress("root file system", 0, 0)
	if err := customize(root); err != nil {
		return fmt.Errorf("customize the root file system: %w", err)
	}
	file := filepath.Join(out, rootFile)
	if m.RootHash, m.DataBlocks, err = makeRoot(ctx, root, file, m.Epoch.Unix()); err != nil {
		return err
	}
	progress("digests", 0, 0)
	sum, size, err := (&Store{}).sum(ctx, file, func(int64) {})
	if err != nil {
		return err
	}
	m.Root = File{Name: rootFile, SHA256: sum, Size: size}
	return os.Chmod(file, 0o444)
}

func findKernel(root string) (file, version string, err error) {
	found, err := filepath.Glob(filepath.Join(root, "boot", "vmlinuz-*"))
	if err != nil {
		return "", "", err
	}
	if len(found) != 1 {
		return "", "", fmt.Errorf("the packages brought %d kernels, not one", len(found))
	}
	return found[0], strings.TrimPrefix(filepath.Base(found[0]), "vmlinuz-"), nil
}

func writeImageFile(dir, name string, content []byte) (File, error) {
	sum := sha256.Sum256(content)
	err := atomicfile.WriteBytes(filepath.Join(dir, name), 0o444, content)
	return File{Name: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}, err
}

// publish moves a finished image to its place. Everything in it is on disk before it gets its name, so that an image
// that can be found is whole, whenever the power fails.
func (s *Store) publish(out string, m Manifest) (Manifest, error) {
	content, digest, err := m.encode()
	if err != nil {
		return Manifest{}, err
	}
	m.Digest = digest
	if err := atomicfile.WriteBytes(filepath.Join(out, manifestFile), 0o444, content); err != nil {
		return Manifest{}, err
	}
	if err := syncFile(filepath.Join(out, rootFile)); err != nil {
		return Manifest{}, err
	}
	if err := atomicfile.SyncDir(out); err != nil {
		return Manifest{}, err
	}
	target := s.imageDir(digest)
	if _, err := os.Stat(target); err == nil {
		return m, nil // the same bytes are there
	}
	if err := os.Rename(out, target); err != nil {
		return Manifest{}, fmt.Errorf("publish the image: %w", err)
	}
	return m, atomicfile.SyncDir(filepath.Dir(target))
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// published is when the image came into this store.
func (s *Store) published(m Manifest) time.Time {
	info, err := os.Stat(filepath.Join(s.imageDir(m.Digest), manifestFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// buildInputs is the digest of all that decides what an image will be: the lock, the guest's files and programs, and
// the way this builder puts them together.
func buildInputs(l Lock) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "layout %s\n", layoutVersion)
	if err := l.Write(h); err != nil {
		return "", err
	}
	for _, name := range []string{guest.Init, guest.Agent} {
		program, err := guest.Program(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "program %s %d\n", name, len(program))
		h.Write(program)
	}
	files := guest.Files()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		fmt.Fprintf(h, "file %s %d\n", name, len(content))
		h.Write(content)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func joinMoves(moves []Move) string {
	const most = 5
	var parts []string
	for i, m := range moves {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(moves)-most))
			break
		}
		parts = append(parts, m.String())
	}
	return strings.Join(parts, ", ")
}
