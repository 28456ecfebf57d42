package main

import (
	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
)

func (a *app) flavorSetCommand() *cobra.Command {
	var c hosts.FlavorChange
	cmd := &cobra.Command{
		Use:     "set NAME",
		Short:   "Change a size, or make one",
		Example: "  sudo holm flavor set small --cpu-quota 150 --iops 2000 --iops-burst 8000 --burst-seconds 30",
		Args:    names(1, 1, "the name of a flavor"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().NFlag() == 0 {
				return fault.New(fault.Usage, "see what can be set: holm flavor set --help", "nothing to set was named")
			}
			p, err := a.makeProvisioner(cmd.Context(), a.settings)
			if err != nil {
				return err
			}
			f, err := p.Hosts.SetFlavor(cmd.Context(), args[0], c)
			if err != nil {
				return err
			}
			return a.streams.Print(a.settings.output, flavorsResult([]model.Flavor{f}))
		},
		ValidArgsFunction: a.completeFlavors(1),
	}
	flags := cmd.Flags()
	flags.Var(&quotaFlag{into: &c.VCPUs}, "cpus", "`N` vCPUs")
	flags.Var(&quotaFlag{into: &c.MemoryMiB, unit: mebibyte}, "memory", "`SIZE` of the memory, such as 2G")
	flags.Var(&quotaFlag{into: &c.DiskGiB, unit: gibibyte}, "disk", "`SIZE` of the state disk, such as 20G")
	flags.Var(&quotaFlag{into: &c.CPUWeight}, "cpu-weight", "its share when CPUs are short, against `N` of others; 100 is usual")
	flags.Var(&quotaFlag{into: &c.CPUPercent}, "cpu-quota", "at most `N` percent of one CPU for all of it; 0 is no limit")
	flags.Var(&quotaFlag{into: &c.IOPS}, "iops", "at most `N` requests a second to its disk; 0 is no limit")
	flags.Var(&quotaFlag{into: &c.IOPSBurst}, "iops-burst", "up to `N` requests a second for a while")
	flags.Var(&quotaFlag{into: &c.MBps}, "bandwidth", "at most `N` MB a second to and from its disk; 0 is no limit")
	flags.Var(&quotaFlag{into: &c.MBpsBurst}, "bandwidth-burst", "up to `N` MB a second for a while")
	flags.Var(&quotaFlag{into: &c.BurstSeconds}, "burst-seconds", "how many `SECONDS` a burst may last")
	flags.Var(&quotaFlag{into: &c.NetMbit}, "net-rate", "at most `N` Mbit a second from and to its network; 0 is no limit")
	ends(cmd, fault.Busy)
	return cmd
}
