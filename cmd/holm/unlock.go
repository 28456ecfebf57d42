package main

import (
	"context"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/keys"
)

// keyKeeper has the host's key.
type keyKeeper interface {
	// Mode says how the key is had after a boot, and whether it can be had now.
	Mode() (mode string, open bool, err error)
	Lock(passphrase []byte) error
	Unlock(passphrase []byte) error
	Release(passphrase []byte) error
	// Keep has the credential that systemd gave to this process at hand for other processes.
	Keep() error
}

func (a *app) unlockCommand() *cobra.Command {
	var mode string
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Give the host's key its passphrase, so that encrypted instances start",
		Long: "With --mode manual the host's key is locked with a passphrase, and each boot needs this command before\n" +
			"instances start; with --mode auto, which is how it begins, the key lies in its file. The passphrase is\n" +
			"asked for on the terminal, or read from stdin: its first line. In a unit to which systemd gives the key\n" +
			"as the credential holm-host-key, this command has it at hand until the next boot.",
		Example: "  sudo holm unlock --mode manual\n  sudo holm unlock && sudo holm start --all",
		GroupID: groupHost,
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.unlock(cmd.Context(), mode)
		},
	}
	cmd.Flags().StringVar(&mode, "mode", "", "how the key is had after a boot: `auto|manual`")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{keys.Auto, keys.Manual}, cobra.ShellCompDirectiveNoFileComp))
	ends(cmd, fault.NotFound, fault.Exists, fault.Refused)
	return cmd
}

func (a *app) unlock(ctx context.Context, mode string) error {
	keeper := a.makeKeeper(a.settings)
	now, open, err := keeper.Mode()
	if err != nil {
		return err
	}
	switch {
	case mode != "" && mode != keys.Auto && mode != keys.Manual:
		return fault.New(fault.Usage, "use auto or manual", "--mode: %s is not known", quoted(mode))
	case now == keys.Systemd && mode != "":
		return fault.New(fault.Refused, "see docs/KEYS.md: its file has to be put back first", "the host's key comes from systemd")
	case now == keys.Systemd:
		if err := keeper.Keep(); err != nil {
			return err
		}
		return a.printMode(keeper)
	case mode == now, mode == "" && now != keys.Manual:
		return a.printMode(keeper)
	case mode == "" && open:
		return a.printMode(keeper)
	}
	passphrase, err := a.streams.Passphrase(ctx, "passphrase of the host's key: ")
	if err != nil {
		return err
	}
	do := keeper.Unlock
	switch mode {
	case keys.Auto:
		do = keeper.Release
	case keys.Manual:
		do = keeper.Lock
		if a.streams.InTerminal {
			again, err := a.streams.Passphrase(ctx, "once more: ")
			if err != nil {
				return err
			}
			if string(again) != string(passphrase) {
				return fault.New(fault.Usage, "try again", "these are two different passphrases")
			}
		}
	}
	if err := do(passphrase); err != nil {
		return err
	}
	return a.printMode(keeper)
}

// keyDocument is what is to be known of the host's key.
type keyDocument struct {
	Mode string `json:"mode"` // "auto", "manual", "credential"
	Open bool   `json:"open"`
}

func (a *app) printMode(keeper keyKeeper) error {
	mode, open, err := keeper.Mode()
	if err != nil {
		return err
	}
	state := term.Cell{Text: "at hand"}
	if !open {
		state = term.Cell{Text: "locked", Tone: term.Attention}
	}
	var f term.Fields
	f.Add("mode", term.Text(mode))
	f.Add("key", state)
	return a.streams.Print(a.settings.output, term.Result{Document: keyDocument{mode, open}, People: f, Names: []string{mode}})
}
