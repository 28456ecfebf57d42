// Package images turns a lock file into a golden image, and keeps golden images under their digests.
//
// An image is a kernel, an initrd, a root disk (erofs with a dm-verity hash tree behind it) and a manifest that names
// the digests of all of them; the image's own digest is that of its manifest. A lock file pins every Debian package to
// a version and a hash, so that the same lock gives the same image on any machine.
package images
