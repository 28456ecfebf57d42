package cli

import (
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"holm/internal/fault"
	"holm/internal/term"
)

// Where holm works when neither flag nor environment says otherwise.
const (
	defaultConnect = "qemu:///system"
	DefaultState   = "/var/lib/holm"
)

// The groups in which the help lists the verbs.
const (
	GroupInstances = "instances"
	GroupInside    = "inside"
	GroupImages    = "images"
	GroupHost      = "host"
)

func globalFlags(a *App, root *cobra.Command) {
	flags := root.PersistentFlags()
	connect, state := fromEnvironment(a, "HOLM_CONNECT", defaultConnect), fromEnvironment(a, "HOLM_STATE", DefaultState)
	flags.StringVar(&a.Settings.Connect, "connect", connect, "libvirt `URI` of the host (HOLM_CONNECT)")
	flags.StringVar(&a.Settings.State, "state", state, "`DIR` of records, images and disks (HOLM_STATE)")
	flags.StringVar(&a.Settings.Tenant, "tenant", "", "`NAME` of the tenant that owns the instances (default \"default\"; ls: all)")
	_ = root.RegisterFlagCompletionFunc("tenant", a.CompleteTenants(0))
	flags.VarP(&formatFlag{&a.Settings.Output}, "output", "o", "print results as `FORMAT`: table, json, yaml or name")
	flags.BoolVarP(&a.Settings.Quiet, "quiet", "q", false, "say nothing but results and errors")
	flags.BoolVarP(&a.Settings.Verbose, "verbose", "v", false, "say more about what happens")
	flags.BoolVar(&a.Settings.debug, "debug", wantsDebug(a), "tell on stderr what is run and waited for, and how long (HOLM_DEBUG=1)")
	flags.BoolVar(&a.Settings.noColor, "no-color", false, "print without colour (NO_COLOR)")
}

// settle checks the global flags before any verb runs.
func settle(a *App) error {
	if a.Settings.noColor {
		a.Streams.Color = false
	}
	if strings.ContainsFunc(a.Settings.State, unicode.IsControl) || a.Settings.State == "" {
		return fault.New(fault.Usage, "name a directory: --state /var/lib/holm", "--state: %q is no directory name", a.Settings.State)
	}
	dir, err := filepath.Abs(a.Settings.State)
	if err != nil {
		return fault.New(fault.Failure, "give an absolute path: --state DIR", "--state: %w", err)
	}
	a.Settings.State = dir
	return nil
}

// Group makes cmd a command that only holds others: alone it prints its help, and a word that is none of its
// commands is a usage error with a suggestion.
func Group(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		remedy := "see: " + cmd.CommandPath() + " --help"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			remedy = "did you mean: " + cmd.CommandPath() + " " + strings.Join(near, ", ")
		}
		return fault.New(fault.Usage, remedy, "%q is no command of %s", term.Line(args[0]), cmd.CommandPath())
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = 2
	cmd.DisableFlagsInUseLine = true
	Ends(cmd)
}
