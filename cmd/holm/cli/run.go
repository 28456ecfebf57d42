package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"holm/internal/term"
)

// Run executes one command line and returns the exit code.
func (a *App) Run(ctx context.Context, args []string, commands ...*cobra.Command) int {
	a.Args = args
	root := a.Tree(commands...)
	a.Settings.Output = formatAsked(args)
	ctx, stop := a.interruptible(ctx)
	defer stop()
	root.SetArgs(append([]string{}, args...))
	root.SetIn(a.Streams.In)
	root.SetOut(a.Streams.Out)
	root.SetErr(a.Streams.Err)
	return a.Exit(ctx, root.ExecuteContext(ctx))
}

// formatAsked looks for -o before the flags are parsed, so that an error in them is printed as it was asked for.
func formatAsked(args []string) term.Format {
	format := term.AsTable
	for i, arg := range args {
		if arg == "--" {
			break
		}
		value, ok := strings.CutPrefix(arg, "--output=")
		switch {
		case (arg == "-o" || arg == "--output") && i+1 < len(args):
			value, ok = args[i+1], true
		case strings.HasPrefix(arg, "-o"):
			value, ok = strings.TrimPrefix(arg[2:], "="), true
		}
		if f, err := term.ParseFormat(value); ok && err == nil {
			format = f
		}
	}
	return format
}

// Tree builds the whole command tree. Nothing is registered globally: each run has a tree of its own.
func (a *App) Tree(commands ...*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:               "holm VERB",
		Short:             "Provision hardened, KVM-isolated VPSs on this host",
		Example:           "  sudo holm doctor\n  sudo holm create web --flavor small\n  sudo holm ssh web",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			listen(a, cmd)
			return settle(a)
		},
	}
	globalFlags(a, root)
	Group(root)
	root.AddGroup(
		&cobra.Group{ID: GroupInstances, Title: "Instances"},
		&cobra.Group{ID: GroupInside, Title: "Getting in"},
		&cobra.Group{ID: GroupImages, Title: "Images"},
		&cobra.Group{ID: GroupHost, Title: "This host"},
	)
	root.AddCommand(commands...)
	root.AddCommand(completionCommand(), versionCommand(a))
	for _, verb := range root.Commands() {
		a.verbs = append(a.verbs, verb.Name())
	}
	root.SetHelpCommand(helpCommand())
	root.SetHelpFunc(a.help)
	root.SetFlagErrorFunc(flagFault)
	return root
}
