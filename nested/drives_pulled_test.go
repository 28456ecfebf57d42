//go:build nested

package nested

import (
	"strings"
	"testing"
)

// health is what "holm pool check" says of the pool, and how it ends.
func health(t *testing.T, code int) (status, why string) {
	t.Helper()
	var doc struct {
		Pools []struct {
			Health struct{ Status, Why string }
		}
	}
	decode(t, ends(t, code, "holm pool check "+pool+" -o json").stdout, &doc)
	if len(doc.Pools) != 1 {
		t.Fatalf("it says %d pools", len(doc.Pools))
	}
	return doc.Pools[0].Health.Status, doc.Pools[0].Health.Why
}

// createAnother asks for what a pool that is not whole has to refuse.
const createAnother = "holm create another --flavor tiny --disk 1G --profile plain --pool " + pool

func TestADrivePulledInTheMiddleOfWritesLosesNothing(t *testing.T) {
	needWeb(t)
	ofBox, ofWeb := writesInBox(t), writesInWeb(t)
	more := func() {
		t.Helper()
		ofBox.more(t, 100)
		ofWeb.more(t, 30)
	}
	more()
	pull(t, 1)
	more()
	if status, why := health(t, 8); status != "degraded" || !strings.Contains(why, "1 of 4 members missing") {
		t.Errorf("with a drive pulled the pool is %s: %s", status, why)
	}
	if o := ends(t, 9, createAnother); !strings.Contains(o.stderr, "degraded") {
		t.Errorf("create does not say why: %s", o.stderr)
	}
	plug(t, 1)
	rejoin(t, 1)
	more()
	if status, why := health(t, 0); status != "healthy" {
		t.Errorf("with the drive back the pool is %s: %s", status, why)
	}
	box, web := ofBox.stop(t), ofWeb.stop(t)
	checked(t, box, web)

	// All that the pulled one's neighbour in the mirror has as well could have come from there.
	pull(t, 2)
	checked(t, box, web)
	plug(t, 2)
	rejoin(t, 2)
	if status, why := health(t, 0); status != "healthy" {
		t.Errorf("with its neighbour back the pool is %s: %s", status, why)
	}
	if v := show(t, "web"); v.Status != "ready" {
		t.Errorf("the instance is %s", v.Status)
	}
}
