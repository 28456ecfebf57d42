// Package nested proves on a whole host what needs one: real KVM, AppArmor in force, and four NVMe drives in RAID 10 that
// can be pulled. The host is a Vagrant box; these tests run outside it and reach it over SSH, and its drives by the
// QEMU that it runs in. All share one box, and leave it as they found it, but for the last. Run them with "make test-nested".
// See docs/NESTED.md.
package nested
