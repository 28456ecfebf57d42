//go:build nested

package nested

import (
	"strings"
	"testing"
)

// The last of all, by its file's name: no pool is left afterwards.
func TestBothDrivesOfAMirrorPulledIsAClearError(t *testing.T) {
	needWeb(t)
	if status, why := health(t, 0); status != "healthy" {
		t.Fatalf("before anything was done the pool is %s: %s", status, why)
	}
	ofBox, ofWeb := writesInBox(t), writesInWeb(t)
	ofBox.more(t, 100)
	ofWeb.more(t, 30)
	pull(t, 3)
	pull(t, 4)
	<-ofBox.ended
	if said := ofBox.diag.String(); ofBox.err == nil || !strings.Contains(said, "input/output error") {
		t.Errorf("a synced write that cannot be kept: %v: %s", ofBox.err, said)
	}
	if status, why := health(t, 8); status != "broken" || why == "" {
		t.Errorf("the pool is %s: %s", status, why)
	}
	if o := ends(t, 6, createAnother); !strings.Contains(o.stderr, "broken") {
		t.Errorf("create does not say why: %s", o.stderr)
	}
	// The instance has the other mirror still, and may come far. It may stop, or say that it cannot; a lie is what it may not.
	safe := ofWeb.safe.Load()
	if o := host.do(t.Context(), "echo x >"+mount+"/holm/more && sync "+mount+"/holm/more"); o.code == 0 {
		t.Error("a new file is said to be on drives that are not there")
	}
	if more := ofWeb.safe.Load(); more != safe {
		t.Errorf("the instance says that %d more records are safe", more-safe)
	}
}
