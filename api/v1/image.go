package v1

import "time"

// Image is the manifest of one golden image.
type Image struct {
	// Digest is "sha256:" and 64 hexadecimal digits.
	Digest string `json:"digest,omitempty"`
	// Name is the image's: "debian-13".
	Name string `json:"name"`
	// Suite is Debian's: "trixie".
	Suite string `json:"suite"`
	// Inputs is the SHA-256 of everything that the build was given.
	Inputs string `json:"inputs"`
	// Epoch is the time that all its files have.
	Epoch time.Time `json:"epoch"`
	// Unlocked: packages differ from the lock file.
	Unlocked bool `json:"unlocked"`
	// Moved says which, and how.
	Moved []MovedPackage `json:"moved,omitempty"`
	// Profiles are what an instance of it can be.
	Profiles []string `json:"profiles"`
	// Builder is the version of Go that built the guest's programs.
	Builder string `json:"builder,omitzero"`
	// Checks are what an instance of it has to report, by profile.
	Checks map[string][]string `json:"checks,omitempty"`
	// K3s is what it has of k3s; left out without.
	K3s *K3sContent `json:"k3s,omitempty"`
	// Privileged are all programs with a setuid bit or capabilities.
	Privileged []PrivilegedProgram `json:"privileged,omitempty"`
	// Kernel is the file that the host boots.
	Kernel ImageFile `json:"kernel"`
	// KernelVersion is its release.
	KernelVersion string `json:"kernel_version"`
	// Initrd is the file of the first user space.
	Initrd ImageFile `json:"initrd"`
	// Root is the root file system with its dm-verity tree.
	Root ImageFile `json:"root"`
	// RootHash is the dm-verity tree's.
	RootHash string `json:"root_hash"`
	// DataBlocks is the size of the file system, in blocks of 4 KiB; the tree lies behind them.
	DataBlocks uint64 `json:"data_blocks"`
	// Salt is the dm-verity tree's, in hexadecimal digits.
	Salt string `json:"salt"`
	// Packages are Debian's, all that it has.
	Packages []ImagePackage `json:"packages"`
}

// MovedPackage is a package whose version differs from the lock file's. An empty version means that it is not there.
type MovedPackage struct {
	// Name is Debian's.
	Name string `json:"name"`
	// Locked is the version in the lock file.
	Locked string `json:"locked"`
	// Now is the version in the image.
	Now string `json:"now"`
}

// K3sContent is what an image has of k3s.
type K3sContent struct {
	// SHA256 is the program's.
	SHA256 string `json:"sha256"`
	// Images are archives of container images that come with it.
	Images []ImageFile `json:"images,omitempty"`
}

// PrivilegedProgram is a program that does more than whoever starts it may.
type PrivilegedProgram struct {
	// File is an absolute path.
	File string `json:"file"`
	// By is "setuid root", or the capabilities of the file.
	By string `json:"by"`
	// Why is the reason for which it may.
	Why string `json:"why"`
}

// ImageFile is one file of an image.
type ImageFile struct {
	// Name is that of the file.
	Name string `json:"name"`
	// SHA256 is 64 hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Size is in bytes.
	Size int64 `json:"size"`
}

// ImagePackage is one Debian package of the root file system.
type ImagePackage struct {
	// Name is Debian's.
	Name string `json:"name"`
	// Version is Debian's.
	Version string `json:"version"`
	// SHA256 is the .deb's.
	SHA256 string `json:"sha256"`
}

// ImageList is any number of images.
type ImageList struct {
	// Images are those that are in the store; of `image rm` those that were named.
	Images []Image `json:"images"`
}

// ImageVerdict is what `image verify` prints.
type ImageVerdict struct {
	// Name is the image's.
	Name string `json:"name"`
	// Digest is the image's.
	Digest string `json:"digest"`
	// Whole: every file is as the manifest says.
	Whole bool `json:"whole"`
}
