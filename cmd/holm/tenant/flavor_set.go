package tenant

import (
	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
)

func flavorSetCommand(a *app) *cobra.Command {
	var c hosts.FlavorChange
	cmd := &cobra.Command{
		Use:     "set NAME",
		Short:   "Change a size, or make one",
		Example: "  sudo holm flavor set small --cpu-quota 150 --iops 2000 --iops-burst 8000 --burst-seconds 30",
		Args:    cli.Names(1, 1, "the name of a flavor"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().NFlag() == 0 {
				return fault.New(fault.Usage, "see what can be set: holm flavor set --help", "nothing to set was named")
			}
			p, err := a.Open(cmd.Context())
			if err != nil {
				return err
			}
			f, err := p.Hosts.SetFlavor(cmd.Context(), args[0], c)
			if err != nil {
				return err
			}
			return a.Streams.Print(a.Settings.Output, flavorsResult([]model.Flavor{f}))
		},
		ValidArgsFunction: a.CompleteFlavors(1),
	}
	flags := cmd.Flags()
	flags.Var(&cli.QuotaFlag{Into: &c.VCPUs}, "cpus", "`N` vCPUs")
	flags.Var(&cli.QuotaFlag{Into: &c.MemoryMiB, Unit: cli.Mebibyte}, "memory", "`SIZE` of the memory, such as 2G")
	flags.Var(&cli.QuotaFlag{Into: &c.DiskGiB, Unit: cli.Gibibyte}, "disk", "`SIZE` of the state disk, such as 20G")
	flags.Var(&cli.QuotaFlag{Into: &c.CPUWeight}, "cpu-weight", "its share when CPUs are short, against `N` of others; 100 is usual")
	flags.Var(&cli.QuotaFlag{Into: &c.CPUPercent}, "cpu-quota", "at most `N` percent of one CPU for all of it; 0 is no limit")
	flags.Var(&cli.QuotaFlag{Into: &c.IOPS}, "iops", "at most `N` requests a second to its disk; 0 is no limit")
	flags.Var(&cli.QuotaFlag{Into: &c.IOPSBurst}, "iops-burst", "up to `N` requests a second for a while")
	flags.Var(&cli.QuotaFlag{Into: &c.MBps}, "bandwidth", "at most `N` MB a second to and from its disk; 0 is no limit")
	flags.Var(&cli.QuotaFlag{Into: &c.MBpsBurst}, "bandwidth-burst", "up to `N` MB a second for a while")
	flags.Var(&cli.QuotaFlag{Into: &c.BurstSeconds}, "burst-seconds", "how many `SECONDS` a burst may last")
	flags.Var(&cli.QuotaFlag{Into: &c.NetMbit}, "net-rate", "at most `N` Mbit a second from and to its network; 0 is no limit")
	cli.Ends(cmd, fault.Busy)
	return cmd
}
