package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"holm/guest/probe"
	"holm/internal/fault"
)

// Where k3s lies in an image that has it. The agent gives the bundles to k3s.
const (
	k3sFile   = "usr/local/bin/k3s"
	k3sImages = "usr/lib/holm/k3s-images"
)

// K3sSuffix ends the name of an image that has k3s: "debian-13-k3s".
const K3sSuffix = "-k3s"

// maxInput is the largest file that is taken into an image, in bytes. K3s has 70 MB, its image bundles some 200.
const maxInput = 2 << 30

// Input is a file from outside Debian that goes into an image: a local one, or one that is downloaded. Which bytes it
// has is decided by its hash alone.
type Input struct {
	Path   string `json:"-"`             // "" when it is to be downloaded
	URL    string `json:"url,omitempty"` // https
	SHA256 string `json:"sha256"`        // 64 lower-case hexadecimal digits
}

// K3s is what turns an image into one that can be a Kubernetes node.
type K3s struct {
	Binary Input   `json:"binary"`
	Images []Input `json:"images,omitempty"` // bundles of container images, for hosts without a way out
}

// K3sContent is what an image has of k3s.
type K3sContent struct {
	SHA256 string `json:"sha256"`
	Images []File `json:"images,omitempty"`
}

// bundleForm is what k3s takes for a bundle of images.
var bundleForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.(tar|tar\.zst|tar\.gz|tar\.lz4|tgz|txt)$`)

// name is the file's name, wherever it comes from.
func (i Input) name() string {
	if i.Path != "" {
		return filepath.Base(i.Path)
	}
	return urlBase(i.URL)
}

// check says what is wrong with k before anything is built. It accepts nil, an image without k3s.
func (k *K3s) check() error {
	if k == nil {
		return nil
	}
	seen := map[string]bool{}
	for i, in := range append([]Input{k.Binary}, k.Images...) {
		if !sumForm.MatchString(in.SHA256) {
			return fault.New(fault.Usage, "give the one that its publisher gives: sha256sum-amd64.txt",
				"%q is no SHA-256 of %s", in.SHA256, in.name())
		}
		if in.Path == "" {
			if err := checkURL(in.URL); err != nil {
				return err
			}
		}
		if i == 0 {
			continue
		}
		if name := in.name(); !bundleForm.MatchString(name) || seen[name] {
			return fault.New(fault.Usage, "name each bundle once, as k3s does: k3s-airgap-images-amd64.tar.zst",
				"%q is no name for a bundle of images", name)
		}
		seen[in.name()] = true
	}
	return nil
}

// verify hashes the local files before the long work begins. What is copied is hashed again: it may have changed by then.
func (k *K3s) verify(ctx context.Context) error {
	for i, in := range append([]Input{k.Binary}, k.Images...) {
		if in.Path == "" {
			continue
		}
		var proper func([]byte) error
		if i == 0 {
			proper = isELF
		}
		if err := in.verify(ctx, proper); err != nil {
			return err
		}
	}
	return nil
}

func (i Input) verify(ctx context.Context, proper func([]byte) error) error {
	from, err := i.open()
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	_, err = copyVerified(ctx, io.Discard, from, i, proper)
	return err
}

func (i Input) open() (*os.File, error) {
	from, err := os.Open(i.Path)
	if err != nil {
		return nil, fault.New(fault.Usage, "name a file that is there", "%w", err)
	}
	return from, nil
}

// lay puts k3s and its bundles into an installed root file system, verified on the way. scratch is where downloads go.
func (k *K3s) lay(ctx context.Context, root *os.Root, scratch string) (*K3sContent, error) {
	if err := errors.Join(makeDirs(root, filepath.Dir(k3sFile)), makeDirs(root, k3sImages)); err != nil {
		return nil, err
	}
	if _, err := k.Binary.lay(ctx, root, k3sFile, 0o755, scratch, isELF); err != nil {
		return nil, err
	}
	content := &K3sContent{SHA256: k.Binary.SHA256}
	for _, in := range k.Images {
		size, err := in.lay(ctx, root, k3sImages+"/"+in.name(), 0o644, scratch, nil)
		if err != nil {
			return nil, err
		}
		content.Images = append(content.Images, File{Name: in.name(), SHA256: in.SHA256, Size: size})
	}
	return content, nil
}

// addK3s puts k3s into the root and tells so in the manifest. Such an image has a name of its own, so that one with k3s
// and one without can both be the newest.
func (m *Manifest) addK3s(ctx context.Context, dir, scratch string, k *K3s) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if m.K3s, err = k.lay(ctx, root, scratch); err != nil {
		return err
	}
	m.Name += K3sSuffix
	m.Profiles = append(m.Profiles, probe.K3s)
	return nil
}

// lay copies one input to its place. The bytes are hashed as they are written, so that nobody can change the file
// between the check and the copy; a file that is not what it should be does not stay.
func (i Input) lay(ctx context.Context, root *os.Root, name string, mode os.FileMode, scratch string,
	proper func([]byte) error,
) (size int64, err error) {
	local := i
	if i.Path == "" {
		if local.Path, err = fetch(ctx, i.URL, scratch); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, os.Remove(local.Path)) }()
	}
	from, err := local.open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = from.Close() }()
	to, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return 0, err
	}
	size, err = copyVerified(ctx, to, from, i, proper)
	if err = errors.Join(err, to.Close()); err != nil {
		return 0, errors.Join(err, root.Remove(name))
	}
	return size, root.Chmod(name, mode)
}

func copyVerified(ctx context.Context, to io.Writer, from io.Reader, i Input, proper func([]byte) error) (int64, error) {
	head := make([]byte, 64)
	n, err := io.ReadFull(from, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read %s: %w", i.name(), err)
	}
	head = head[:n]
	sum := sha256.New()
	whole := io.MultiReader(bytes.NewReader(head), io.LimitReader(interruptible{ctx, from}, maxInput))
	size, err := io.Copy(io.MultiWriter(to, sum), whole)
	if err != nil {
		return 0, fmt.Errorf("copy %s: %w", i.name(), err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != i.SHA256 {
		return 0, fault.New(fault.CheckFailed, "get it again, and its sha256sum-amd64.txt from the same release",
			"%s has the SHA-256 %s, not %s", i.name(), got, i.SHA256)
	}
	if proper == nil {
		return size, nil
	}
	return size, proper(head)
}

// isELF tells a program for this kind of machine from a page that says "not found".
func isELF(head []byte) error {
	const amd64 = 62 // e_machine
	if len(head) < 20 || !bytes.HasPrefix(head, []byte("\x7fELF\x02\x01")) || head[18] != amd64 || head[19] != 0 {
		return fault.New(fault.Usage, "give the program itself, for amd64: k3s", "--k3s is no program for x86-64")
	}
	return nil
}

// interruptible ends a long copy when ctx ends.
type interruptible struct {
	ctx  context.Context
	from io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
