package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/doctor"
	"holm/provisioner/memory"
	"holm/provisioner/model"
	"holm/storage/records"
)

// memoryChange is what "host set" was told of memory.
type memoryChange struct {
	overcommit float64
	reserve    int // MiB
}

func (c *memoryChange) flags(cmd *cobra.Command) {
	cmd.Flags().Float64Var(&c.overcommit, "memory-overcommit", 0,
		"how many times the memory may be promised to instances: `FACTOR`, such as 1.5")
	cmd.Flags().Var(&sizeFlag{count: &c.reserve, unit: mebibyte}, "memory-reserve", "memory that is kept for the host itself: `SIZE`")
}

func (c memoryChange) check() error {
	if c.overcommit != 0 && !(c.overcommit >= 1 && c.overcommit <= memory.MaxOvercommit) {
		return fault.New(fault.Usage, "give another: --memory-overcommit FACTOR", "memory cannot be promised %s times: use 1 to %d",
			strconv.FormatFloat(c.overcommit, 'g', 4, 64), memory.MaxOvercommit)
	}
	return nil
}

func (c memoryChange) apply(h *model.Host) {
	if c.overcommit != 0 {
		h.MemoryOvercommit = c.overcommit
	}
	if c.reserve != 0 {
		h.MemoryReserveMiB = c.reserve
	}
}

// addMemory shows what is set; doctor says what that comes to.
func addMemory(f *term.Fields, host model.Host) {
	f.Add("memory-overcommit", term.Text(strconv.FormatFloat(max(host.MemoryOvercommit, 1), 'g', 4, 64)))
	reserve := term.Text("1 GiB, or a twentieth")
	if host.MemoryReserveMiB > 0 {
		reserve = bytesCell(mebibyte * int64(host.MemoryReserveMiB))
	}
	f.Add("memory-reserve", reserve)
}

// totalMemory is what this host has, in MiB.
func totalMemory() (int, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0, err
	}
	return int(info.Totalram * uint64(info.Unit) >> 20), nil // #nosec G115 -- no machine has 8 ZiB
}

// memoryInfo is what is promised of it. A state directory without a database has promised nothing.
func memoryInfo(ctx context.Context, s settings) (doctor.MemoryInfo, error) {
	total, err := totalMemory()
	if err != nil {
		return doctor.MemoryInfo{}, err
	}
	if _, err := os.Stat(database(s)); errors.Is(err, fs.ErrNotExist) {
		return doctor.MemoryInfo{Host: memory.Host{Total: total}}, nil
	}
	store := records.Open(database(s))
	set, err := store.Host(ctx)
	if err != nil {
		return doctor.MemoryInfo{}, err
	}
	all, err := store.Instances(ctx)
	return doctor.MemoryInfo{Host: memory.Of(set, total), Promised: memory.Promised(all), Instances: len(all)}, err
}
