//go:build e2e

package e2e

import "testing"

// thorough leaves a test out of "make test", which says so by name: what it shows is dear, and is shown in part by others. With
// its own name, and in "make test-all", it runs.
func thorough(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left to make test-all")
	}
}
