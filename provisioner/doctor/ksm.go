package doctor

import (
	"context"
	"fmt"
	"os"
)

const (
	ksmRun    = "/sys/kernel/mm/ksm/run"
	ksmShared = "/sys/kernel/mm/ksm/pages_shared"
	// ksmUnmerge stops merging and takes apart what was merged; 0 would only stop.
	ksmUnmerge = "2"
)

// checkKSM looks for merging of equal pages between guests, which lets one find out what another has in memory.
func checkKSM(_ context.Context, e *env) Result {
	remedy := "echo " + ksmUnmerge + " > " + ksmRun
	if e.exists("/usr/sbin/ksmtuned") {
		remedy = "systemctl disable --now ksmtuned; " + remedy
	}
	state, shared := e.value(ksmRun), e.value(ksmShared)
	switch {
	case state == "":
		return ok("the kernel has none")
	case state != "0" && state != ksmUnmerge:
		return fail(remedy, "merging pages between guests")
	case shared != "" && shared != "0":
		return warn(remedy, "stopped, but %s pages are still shared between guests", shared)
	default:
		return ok("off")
	}
}

func fixKSM(e *env) error {
	if err := os.WriteFile(e.path(ksmRun), []byte(ksmUnmerge+"\n"), 0o600); err != nil {
		return fmt.Errorf("cannot switch KSM off: %s %s", ksmRun, plain(err))
	}
	return nil
}
