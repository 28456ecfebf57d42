//go:build e2e

package e2e

import (
	"sync"
	"testing"
)

// The instances that tests share, of which one test at a time has each.
var webs, plains sync.Mutex

// beside lets a test run while others do, once those are through that want the host for themselves: it takes nothing of the
// host's away, and does not compare what is on it. Tests that share an instance take turns; nil is a test with its own.
func beside(t *testing.T, lane *sync.Mutex) {
	t.Helper()
	t.Parallel()
	if lane != nil {
		lane.Lock()
		t.Cleanup(lane.Unlock)
	}
}
