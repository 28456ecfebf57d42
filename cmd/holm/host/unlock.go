package host

import (
	"context"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/keys"
)

func unlockCommand(a *app) *cobra.Command {
	var mode string
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Give the host's key its passphrase, so that encrypted instances start",
		Long: "With --mode manual the host gets a new key, which is locked with a passphrase, and each boot needs\n" +
			"this command before instances start; with --mode auto, which is how it begins, the key lies in its\n" +
			"file. The passphrase is asked for on the terminal, or read from stdin: its first line. A change of the\n" +
			"mode that was cut short is finished by the next. In a unit to which systemd gives the key as the\n" +
			"credential holm-host-key, this command has it at hand until the next boot.",
		Example: "  sudo holm unlock --mode manual\n  sudo holm unlock && sudo holm start --all",
		GroupID: cli.GroupHost,
		Args:    cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return unlock(cmd.Context(), a, mode)
		},
	}
	cmd.Flags().StringVar(&mode, "mode", "", "how the key is had after a boot: `auto|manual`")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{keys.Auto, keys.Manual}, cobra.ShellCompDirectiveNoFileComp))
	cli.Ends(cmd, fault.NotFound, fault.Exists, fault.Refused)
	return cmd
}

func unlock(ctx context.Context, a *app, mode string) error {
	keeper := a.Keeper()
	now, err := keeper.State(ctx)
	if err != nil {
		return err
	}
	step, err := now.Next(mode)
	if err != nil {
		return err
	}
	var do func(ctx context.Context, passphrase []byte) error
	switch step {
	case keys.Nothing:
		return printMode(ctx, a, keeper)
	case keys.Keeping:
		if err := keeper.Keep(); err != nil {
			return err
		}
		return printMode(ctx, a, keeper)
	case keys.Unlocking:
		do = keeper.Unlock
	case keys.Releasing:
		do = keeper.Release
	case keys.Locking:
		do = keeper.Lock
	}
	passphrase, err := askPassphrase(ctx, a, step == keys.Locking)
	if err != nil {
		return err
	}
	if err := do(ctx, passphrase); err != nil {
		return err
	}
	return printMode(ctx, a, keeper)
}

// askPassphrase asks for a passphrase; for a new one twice, where a person types it.
func askPassphrase(ctx context.Context, a *app, fresh bool) ([]byte, error) {
	passphrase, err := a.Streams.Passphrase(ctx, "passphrase of the host's key: ")
	if err != nil || !fresh || !a.Streams.InTerminal {
		return passphrase, err
	}
	again, err := a.Streams.Passphrase(ctx, "once more: ")
	if err == nil && string(again) != string(passphrase) {
		err = fault.New(fault.Usage, "try again", "these are two different passphrases")
	}
	return passphrase, err
}

func printMode(ctx context.Context, a *app, keeper Keeper) error {
	now, err := keeper.State(ctx)
	if err != nil {
		return err
	}
	state := term.Cell{Text: "at hand"}
	if !now.Open {
		state = term.Cell{Text: "locked", Tone: term.Attention}
	}
	var f term.Fields
	f.Add("mode", term.Text(now.Mode))
	f.Add("key", state)
	return a.Streams.Print(a.Settings.Output,
		term.Result{Document: v1.HostKey{Mode: now.Mode, Open: now.Open, Unfinished: now.Unfinished}, People: f, Names: []string{now.Mode}})
}
