// Package model has holm's nouns, an instance, a tenant, a pool, a host and what belongs to them, and the rules about them that need
// nothing but their values: what a tenant uses, whether that is within its quota, what a pool has promised. It knows no store, no
// hypervisor and no command line. The tags of its fields are how a store keeps them.
package model
