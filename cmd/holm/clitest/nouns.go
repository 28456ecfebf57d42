package clitest

// The nouns of a world, as the commands know them.
type (
	// Instances are made, changed and looked at.
	Instances struct{ *World }
	// HostWide is what is done to all instances, or became of them.
	HostWide struct{ *World }
	// Walls are the kernel's rules.
	Walls struct{ *World }
	// Sizes are what instances can be.
	Sizes struct{ *World }
	// Proof tries instances.
	Proof struct{ *World }
)
