package host

import (
	"strconv"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/memory"
	"holm/provisioner/model"
)

// memoryChange is what "host set" was told of memory.
type memoryChange struct {
	overcommit float64
	reserve    int // MiB
}

func (c *memoryChange) flags(cmd *cobra.Command) {
	cmd.Flags().Float64Var(&c.overcommit, "memory-overcommit", 0,
		"how many times the memory may be promised to instances: `FACTOR`, such as 1.5")
	cmd.Flags().Var(&cli.SizeFlag{Count: &c.reserve, Unit: cli.Mebibyte}, "memory-reserve", "memory that is kept for the host itself: `SIZE`")
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
		reserve = cli.BytesCell(cli.Mebibyte * int64(host.MemoryReserveMiB))
	}
	f.Add("memory-reserve", reserve)
}
