//go:build bench

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"holm/internal/term"
)

// about says where the numbers come from; without it they mean nothing.
type about struct {
	CPU     string `json:"cpu"`
	CPUs    int    `json:"cpus"`
	Memory  uint64 `json:"memory_bytes"`
	System  string `json:"system"`
	Kernel  string `json:"kernel"`
	Libvirt string `json:"libvirt"`
	QEMU    string `json:"qemu"`
	Accel   string `json:"accel"`
	Image   string `json:"image"`
	Load    string `json:"load"` // at the end of the run: 1, 5 and 15 minutes
}

func (l *lab) describe(ctx context.Context) (about, error) {
	info, err := l.host.Info(ctx)
	if err != nil {
		return about{}, err
	}
	var memory unix.Sysinfo_t
	var uts unix.Utsname
	if err := unix.Sysinfo(&memory); err != nil {
		return about{}, err
	}
	if err := unix.Uname(&uts); err != nil {
		return about{}, err
	}
	load := strings.Fields(line("/proc/loadavg", ""))
	return about{
		CPU: value(line("/proc/cpuinfo", "model name"), ":"), CPUs: runtime.NumCPU(),
		Memory: memory.Totalram * uint64(memory.Unit), Kernel: unix.ByteSliceToString(uts.Release[:]),
		System:  strings.Trim(value(line("/etc/os-release", "PRETTY_NAME"), "="), `"`),
		Libvirt: info.LibvirtVersion, QEMU: info.QEMUVersion, Accel: l.plan.Accel,
		Image: l.image.Name + "@" + l.image.Short(), Load: strings.Join(load[:min(3, len(load))], " "),
	}, nil
}

// line returns the first line of a file that begins like that, "" when there is none.
func line(path, begin string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for text := range strings.Lines(string(content)) {
		if strings.HasPrefix(text, begin) {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func value(text, separator string) string {
	_, v, _ := strings.Cut(text, separator)
	return strings.TrimSpace(v)
}

func publish(streams *term.Streams, output string, a about, rows []row) error {
	if output == "json" {
		enc := json.NewEncoder(streams.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			Machine about `json:"machine"`
			Rows    []row `json:"rows"`
		}{a, rows})
	}
	if err := printTable(streams.Out, rows); err != nil {
		return err
	}
	accel := "KVM"
	if a.Accel == "tcg" {
		accel = "no KVM: guests are emulated"
	}
	_, err := io.WriteString(streams.Out, fmt.Sprintf(
		"\nmedians; %d × %s, %s, %s, Linux %s\nlibvirt %s, QEMU %s, %s; image %s; load %s\n",
		a.CPUs, a.CPU, term.Bytes(a.Memory), a.System, a.Kernel, a.Libvirt, a.QEMU, accel, a.Image, a.Load))
	return err
}
