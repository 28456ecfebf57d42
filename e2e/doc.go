// Package e2e proves on real guests what the rooms promise: the real binary, the real libvirt, QEMU under KVM or, on a
// machine without it, in lab mode. It needs root, and works in a state directory and a network of its own; what it
// makes is gone afterwards, but for its images. Run it with "make test-e2e".
package e2e
