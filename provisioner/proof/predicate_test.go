package proof

import (
	"testing"

	"holm/internal/wiretest"
)

// of is what a record comes to in evidence, when each field of it has a value.
func of[From, To any](state func(From) To) any {
	var full From
	wiretest.Fill(&full)
	return state(full)
}

func TestNoFieldOfThePredicateIsForgotten(t *testing.T) {
	for name, stated := range map[string]any{
		"instance": of(instanceStated), "tenant": of(tenantStated), "pool": of(poolStated), "tree": of(treeStated), "verdict": of(verdictStated),
		"checkpoint": of(checkpointStated), "image": of(imageOf),
	} {
		for _, field := range wiretest.Empty(stated) {
			t.Errorf("%s: nothing is put into %s", name, field)
		}
	}
}
