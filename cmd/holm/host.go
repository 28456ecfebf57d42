package main

import (
	"context"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/records"
)

func (a *app) hostCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "host VERB",
		Short:   "Show and change what is set for this host",
		Example: "  sudo holm host show",
		GroupID: groupHost,
	}
	group(cmd)
	cmd.AddCommand(a.hostShowCommand(), a.hostSetCommand())
	return cmd
}

func (a *app) hostShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show what is set for this host",
		Example: "  sudo holm host show",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := a.makeHost(a.settings)
			if err != nil {
				return err
			}
			host, err := store.Host(cmd.Context())
			if err != nil {
				return err
			}
			return a.printHost(host)
		},
	}
	ends(cmd, fault.Busy)
	return cmd
}

func (a *app) hostSetCommand() *cobra.Command {
	var lab switchFlag
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "set",
		Short:   "Change what is set for this host",
		Long:    "Lab mode allows instances without KVM. Emulation is no isolation boundary: never for tenants.",
		Example: "  sudo holm host set --lab-mode off",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !lab.set {
				return fault.New(fault.Usage, "write: holm host set --lab-mode on|off", "nothing to set was named")
			}
			return a.setHost(cmd.Context(), lab.on, dryRun)
		},
	}
	cmd.Flags().Var(&lab, "lab-mode", "allow emulation: `on|off`")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be set and change nothing")
	ends(cmd, fault.Busy)
	return cmd
}

func (a *app) setHost(ctx context.Context, lab, dryRun bool) error {
	store, err := a.makeHost(a.settings)
	if err != nil {
		return err
	}
	var host records.Host
	if dryRun {
		host, err = store.Host(ctx)
		host.LabMode = lab
	} else {
		host, err = store.SetHost(ctx, func(h *records.Host) error {
			h.LabMode = lab
			return nil
		})
	}
	if err != nil {
		return err
	}
	if lab {
		a.say("lab mode: instances may run in emulation, which is no isolation boundary")
	}
	return a.printHost(host)
}

func (a *app) printHost(host records.Host) error {
	var f term.Fields
	lab := term.Text("off")
	if host.LabMode {
		lab = term.Cell{Text: "on", Tone: term.Attention}
	}
	f.Add("lab-mode", lab)
	return a.streams.Print(a.settings.output, term.Result{Document: host, People: f})
}
