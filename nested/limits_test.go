//go:build nested

package nested

import (
	"context"
	"strings"
	"testing"
)

// Only root with CAP_SYS_RESOURCE raises a limit, which the machine around the box may not give.
func TestALimitOfQEMUThatWasRaisedIsSeen(t *testing.T) {
	needWeb(t)
	pid := sh(t, "cat /run/libvirt/qemu/"+show(t, web).Domain+".pid")
	const limit = "prlimit --noheadings --raw --output HARD --nofile --pid "
	was := sh(t, limit+pid)
	t.Cleanup(func() { _ = host.do(context.Background(), "prlimit --nofile="+was+" --pid "+pid) })
	if was != "4096" {
		t.Errorf("QEMU may have %s files open", was)
	}
	sh(t, "prlimit --nofile=65536 --pid "+pid)
	o := ends(t, 8, "holm verify "+web)
	if !strings.Contains(o.stdout, "qemu-limits\tfail") {
		t.Errorf("verify does not say it:\n%s\n%s", o.stdout, o.stderr)
	}
	// A start of what runs holds it again, without a new boot.
	sh(t, "holm start "+web)
	if is := sh(t, limit+pid); is != was {
		t.Errorf("after a start of what runs it may have %s", is)
	}
}
