package agent

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

const hostKeyFile = "/etc/ssh/ssh_host_ed25519_key.pub"

// identity fills in who this guest is. What is not there yet stays empty.
func (a *Agent) identity(r *report.Report) {
	r.Version = report.Version
	r.Clock = time.Now().UTC()
	r.BootID = a.readLine("/proc/sys/kernel/random/boot_id")
	r.MachineID = a.readLine("/etc/machine-id")
	if fields := strings.Fields(a.readLine(hostKeyFile)); len(fields) >= 2 {
		r.HostKey = fields[0] + " " + fields[1]
	}
	if up, _, ok := strings.Cut(a.readLine("/proc/uptime"), " "); ok {
		r.Uptime, _ = strconv.ParseFloat(up, 64)
	}
	r.Undecided = a.undecided()
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		r.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
}

func (a *Agent) readLine(path string) string {
	content, err := os.ReadFile(a.path(path))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(content), "\n")
	return strings.TrimSpace(line)
}
