package host

import (
	"strconv"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/term"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
)

func memoryFlags(cmd *cobra.Command, c *hosts.Change) {
	cmd.Flags().Float64Var(&c.MemoryOvercommit, "memory-overcommit", 0,
		"how many times the memory may be promised to instances: `FACTOR`, such as 1.5")
	cmd.Flags().Var(&cli.SizeFlag{Count: &c.MemoryReserveMiB, Unit: cli.Mebibyte}, "memory-reserve",
		"memory that is kept for the host itself: `SIZE`")
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
