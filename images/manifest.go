package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"holm/guest/boot"
	"holm/images/rootfs"
)

// Manifest describes one image. Its JSON, without Digest and Bytes, is what the digest is taken of.
type Manifest struct {
	Digest string `json:"digest,omitempty"` // "sha256:" and 64 hexadecimal digits; not part of the file

	Name     string    `json:"name"`             // "debian-13"
	Suite    string    `json:"suite"`            // "trixie"
	Inputs   string    `json:"inputs"`           // sha256 of everything that the build was given
	Epoch    time.Time `json:"epoch"`            // the lock's SOURCE_DATE_EPOCH
	Unlocked bool      `json:"unlocked"`         // packages differ from the lock
	Moved    []Move    `json:"moved,omitempty"`  // how
	Profiles []string  `json:"profiles"`         // what an instance of this image can be
	Builder  string    `json:"builder,omitzero"` // Go version of the guest's programs

	// Checks are the promises that this image's probe tries, by profile: what an instance of it has to report.
	Checks map[string][]string `json:"checks,omitempty"`
	K3s    *K3sContent         `json:"k3s,omitempty"` // nil without k3s

	Privileged []rootfs.Privilege `json:"privileged,omitempty"` // all programs with a setuid bit or capabilities

	Kernel        File   `json:"kernel"`
	KernelVersion string `json:"kernel_version"`
	Initrd        File   `json:"initrd"`
	Root          File   `json:"root"`
	RootHash      string `json:"root_hash"`   // of the dm-verity tree
	DataBlocks    uint64 `json:"data_blocks"` // 4 KiB blocks of the file system; the tree lies behind them
	Salt          string `json:"salt"`

	Packages []Package `json:"packages"`
}

// File is one file of an image.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Package is one Debian package of the root file system.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of the .deb
}

// Move is a package whose version differs from the lock's. An empty version means that it is not there.
type Move struct {
	Name   string `json:"name"`
	Locked string `json:"locked"`
	Now    string `json:"now"`
}

func (m Move) String() string {
	switch {
	case m.Locked == "":
		return m.Name + " " + m.Now + " is new"
	case m.Now == "":
		return m.Name + " " + m.Locked + " is gone"
	case m.Now == m.Locked:
		return m.Name + " " + m.Locked + " has another hash"
	default:
		return m.Name + " " + m.Locked + " → " + m.Now
	}
}

// Files returns the image's files besides the manifest.
func (m Manifest) Files() []File { return []File{m.Kernel, m.Initrd, m.Root} }

// Bytes is what the image takes on disk.
func (m Manifest) Bytes() int64 { return m.Kernel.Size + m.Initrd.Size + m.Root.Size }

// hardened are the switches of the kernel that the Kernel Self Protection Project asks for, that the kernel's own
// configuration does not set, and that cost no time that could be measured.
const hardened = "lockdown=integrity " + // not even root replaces or reads the running kernel; modules have to be Debian's
	"slab_nomerge page_alloc.shuffle=1 randomize_kstack_offset=on " + // an overflow does not know what it hits
	"vsyscall=none ia32_emulation=off debugfs=off" // ways into the kernel that no 64-bit program needs

// Cmdline is the kernel command line that boots this image and no other: it carries the root hash.
func (m Manifest) Cmdline() string {
	return "console=ttyS0 loglevel=4 panic=-1 net.ifnames=0 systemd.show_status=error " + hardened + " " +
		boot.VerityArg(m.DataBlocks, m.RootHash, m.Salt)
}

// Short is the digest as tables show it.
func (m Manifest) Short() string { return ShortDigest(m.Digest) }

// ShortDigest cuts a digest to the twelve digits that people can compare.
func ShortDigest(digest string) string { return digest[:min(len(digest), len("sha256:")+12)] }

var (
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	sumForm    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	nameForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,38}[a-z0-9]$`)
)

// encode renders the manifest as it is stored, and its digest.
func (m Manifest) encode() (content []byte, digest string, err error) {
	m.Digest = ""
	content, err = json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, "", err
	}
	content = append(content, '\n')
	sum := sha256.Sum256(content)
	return content, "sha256:" + hex.EncodeToString(sum[:]), nil
}

// decode reads a stored manifest and checks that it is the one that digest names.
func decode(content []byte, digest string) (Manifest, error) {
	sum := sha256.Sum256(content)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != digest {
		return Manifest{}, fmt.Errorf("the manifest of %s has the digest %s", ShortDigest(digest), ShortDigest(got))
	}
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	var m Manifest
	if err := dec.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("read the manifest of %s: %w", ShortDigest(digest), err)
	}
	for _, f := range m.Files() {
		if f.Name != kernelFile && f.Name != initrdFile && f.Name != rootFile || !sumForm.MatchString(f.SHA256) {
			return Manifest{}, fmt.Errorf("the manifest of %s names the file %q", ShortDigest(digest), f.Name)
		}
	}
	m.Digest = digest
	return m, nil
}
