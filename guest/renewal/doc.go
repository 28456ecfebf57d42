// Package renewal brings a new image's /etc to an instance that had another image before, and keeps what its owner
// changed. /etc is an overlay: whatever was ever written there lies in the upper layer, on the state volume, and hides what
// the image brings. So three versions of a file are compared: the old image's (the base), the new image's and the
// instance's own. The old image is gone by then; what its /etc was like is remembered on the state volume.
//
// All of it happens before the overlay is mounted and before any other program runs.
package renewal
