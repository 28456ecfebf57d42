package verify

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"holm/provisioner/bounds"
)

// qemuLimits goes by what the kernel enforces on the process that runs.
func qemuLimits() rule {
	return rule{
		id: "qemu-limits", side: Host, source: "holm", promise: "QEMU can take only so many open files and threads of the host",
		try: func(_ context.Context, t *trial) found {
			const tried = "the limits of QEMU's process"
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			content, err := p.Read("limits")
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			var seen []string
			for _, one := range []struct {
				name string
				most uint64
			}{{"Max open files", bounds.Files}, {"Max processes", bounds.Threads}} {
				value := hardLimit(string(content), one.name)
				if n, err := strconv.ParseUint(value, 10, 64); err != nil || n > one.most {
					return failed(tried, "%s: %.20q, and %d are enough", one.name, value, one.most)
				}
				seen = append(seen, fmt.Sprintf("%s: %s", strings.ToLower(one.name), value))
			}
			return passed(tried, "%s", strings.Join(seen, ", "))
		},
	}
}

// hardLimit is the hard limit of that name in /proc/PID/limits; "" when it is not there.
func hardLimit(limits, name string) string {
	for line := range strings.Lines(limits) {
		rest, ok := strings.CutPrefix(line, name)
		if fields := strings.Fields(rest); ok && len(fields) >= 2 {
			return fields[1]
		}
	}
	return ""
}
