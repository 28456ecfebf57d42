package doctor

import (
	"bufio"
	"context"
	"slices"
	"strconv"
	"strings"
)

// facts gathers what the head of the report says. It waits for libvirt no longer than a check does.
func (e *env) facts(ctx context.Context) HostFacts {
	ctx, cancel := context.WithTimeout(ctx, e.Deadline)
	defer cancel()
	f := HostFacts{
		Hostname:    e.value("/proc/sys/kernel/hostname"),
		OS:          osName(e.value("/etc/os-release")),
		CPUs:        len(cpuField(e.value("/proc/cpuinfo"), "processor")),
		MemoryBytes: memTotal(e.value("/proc/meminfo")),
	}
	type versions struct{ libvirt, qemu string }
	done := make(chan versions, 1)
	go func() {
		info, err := e.libvirt()
		if err != nil || info.QEMUVersion == "" {
			info.QEMUVersion = e.qemuVersion(ctx)
		}
		done <- versions{info.LibvirtVersion, info.QEMUVersion}
	}()
	select {
	case v := <-done:
		f.Libvirt, f.QEMU = v.libvirt, v.qemu
	case <-ctx.Done():
	}
	return f
}

// osName makes "Debian 13" of Debian's os-release, and takes other systems' own full name.
func osName(release string) string {
	name, number := confValue(release, "NAME"), confValue(release, "VERSION_ID")
	if strings.HasPrefix(name, "Debian") && number != "" {
		return "Debian " + number
	}
	return confValue(release, "PRETTY_NAME")
}

// cpuField returns the values of one field of /proc/cpuinfo, one for each CPU.
func cpuField(cpuinfo, field string) []string {
	var values []string
	s := bufio.NewScanner(strings.NewReader(cpuinfo))
	s.Buffer(nil, maxFile)
	for s.Scan() {
		key, value, found := strings.Cut(s.Text(), ":")
		if found && strings.TrimSpace(key) == field {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// hasFlag tells whether the first CPU has the feature.
func hasFlag(cpuinfo, flag string) bool {
	flags := cpuField(cpuinfo, "flags")
	return len(flags) > 0 && slices.Contains(strings.Fields(flags[0]), flag)
}

func memTotal(meminfo string) uint64 {
	for line := range strings.Lines(meminfo) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
			kib, err := strconv.ParseUint(f[1], 10, 54)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}

// confValue returns the last value that a "key = value" file gives to key, without its quotes; "" when it gives
// none. libvirt's qemu.conf and os-release are both of that kind.
func confValue(text, key string) string {
	value := ""
	for line := range strings.Lines(text) {
		k, v, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && strings.TrimSpace(k) == key {
			value = unquote(strings.TrimSpace(v))
		}
	}
	return value
}

// unquote takes what stands between quotes, or else what stands before a comment.
func unquote(v string) string {
	if v != "" && strings.ContainsAny(v[:1], `"'`) {
		inner, _, _ := strings.Cut(v[1:], v[:1])
		return inner
	}
	v, _, _ = strings.Cut(v, "#")
	return strings.TrimSpace(v)
}

// versionAtLeast compares the first two numbers of a version such as "7.2.22" or "10.0.2 (Debian …)".
func versionAtLeast(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	second := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	a, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	b, err := strconv.Atoi(second)
	if err != nil {
		b = 0
	}
	return a > major || a == major && b >= minor
}
