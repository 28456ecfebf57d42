package system

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// mounted is one mounted file system, as in proc_pid_mountinfo(5).
type mounted struct {
	point    string
	kind     string
	writable bool
}

// parseMountinfo reads /proc/self/mountinfo. Of mounts over each other only the last can be reached, so each place
// comes once. Lines that are none are left out.
func parseMountinfo(content []byte) []mounted {
	var all []mounted
	for line := range bytes.Lines(content) {
		before, after, ok := strings.Cut(string(line), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 6 || len(kind) < 3 {
			continue
		}
		m := mounted{point: unescapeMount(fields[4]), kind: kind[0]}
		m.writable = !hasOption(fields[5], "ro") && !hasOption(kind[2], "ro")
		all = slices.DeleteFunc(all, func(other mounted) bool { return other.point == m.point })
		all = append(all, m)
	}
	return all
}

// holdsFiles tells whether files can be made on a mount; the kernel's own file systems hold none.
func (m mounted) holdsFiles() bool {
	kernels := []string{
		"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl",
		"hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "sysfs", "tracefs",
	}
	return m.writable && !slices.Contains(kernels, m.kind)
}

func hasOption(options, option string) bool {
	return slices.Contains(strings.Split(options, ","), option)
}

// unescapeMount turns "\040" and its like back into the bytes that they stand for.
func unescapeMount(path string) string {
	var plain strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+3 < len(path) {
			if code, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
				plain.WriteByte(byte(code))
				i += 3
				continue
			}
		}
		plain.WriteByte(path[i])
	}
	return plain.String()
}
