package probe

import "slices"

// all lists every check, in the order in which they are shown.
func all() []Check {
	return slices.Concat(systemChecks(), dockerChecks(), k3sChecks())
}
