package pools

// Boot decides what the host mounts before it starts instances. Implementation: storage/mounts.
type Boot interface {
	// Order has instances wait for what is mounted at a path, for a pool of that name. It may be called again.
	Order(pool, path string) error
	// Unorder takes that back; no error when there is nothing.
	Unorder(pool string) error
}
