package verify

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

var capsForm = regexp.MustCompile(`^[0-9a-f]{16}$`)

// qemuCaps: libvirt cannot always empty the bounding set. That set limits what an execve may grant, so it does not matter
// for a thread that may not gain privileges by execve.
func qemuCaps() rule {
	return rule{
		id: "qemu-caps", side: Host, source: "holm", promise: "QEMU holds no capability of the host and can gain none",
		try: func(_ context.Context, t *trial) found {
			const tried = "capability sets of every thread of QEMU"
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if bad := p.everyThread(powerless); bad != "" {
				return failed(tried, "%s", bad)
			}
			s := p.threads[0].status
			return passed(tried, "none in %s; bounding set %s, no_new_privs %s", p.count(), short(s["CapBnd"]), s["NoNewPrivs"])
		},
	}
}

func powerless(t thread) string {
	for _, set := range []string{"CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"} {
		value := t.status[set]
		if !capsForm.MatchString(value) {
			return fmt.Sprintf("its %s is %.40q", set, value)
		}
		if strings.Trim(value, "0") == "" || set == "CapBnd" && t.status["NoNewPrivs"] == "1" {
			continue
		}
		return fmt.Sprintf("%s %s, no_new_privs %.10s", set, value, t.status["NoNewPrivs"])
	}
	return ""
}

// short writes a set of capabilities without its leading zeros.
func short(set string) string {
	if s := strings.TrimLeft(set, "0"); s != "" {
		return s
	}
	return "0"
}
