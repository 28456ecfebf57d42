// Package boot is the first program in the guest. The kernel starts it from the initrd; it maps the root disk through
// dm-verity with the root hash that the host put on the kernel's command line, mounts the state volume (which it
// formats when it is blank), lays /etc, /var and /home over the read-only root, and becomes systemd.
//
// It is a Go program and not a shell script in initramfs-tools because it fails closed: whatever goes wrong, the guest
// says why on its console and powers off. Nothing is ever mounted in place of what was asked for.
package boot
