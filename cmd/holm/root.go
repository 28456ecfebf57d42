package main

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
	defaultState   = "/var/lib/holm"
)

// The groups in which the help lists the verbs.
const (
	groupInstances = "instances"
	groupInside    = "inside"
	groupImages    = "images"
	groupHost      = "host"
)

// tree builds the whole command tree. Nothing is registered globally: each run has a tree of its own.
func (a *app) tree() *cobra.Command {
	root := &cobra.Command{
		Use:               "holm VERB",
		Short:             "Provision hardened, KVM-isolated VPSs on this host",
		Example:           "  sudo holm doctor\n  sudo holm create web --flavor small\n  sudo holm ssh web",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.listen(cmd)
			return a.settle()
		},
	}
	a.globalFlags(root)
	group(root)
	root.AddGroup(
		&cobra.Group{ID: groupInstances, Title: "Instances"},
		&cobra.Group{ID: groupInside, Title: "Getting in"},
		&cobra.Group{ID: groupImages, Title: "Images"},
		&cobra.Group{ID: groupHost, Title: "This host"},
	)
	root.AddCommand(
		a.createCommand(), a.lsCommand(), a.showCommand(), a.startCommand(), a.stopCommand(), a.restartCommand(),
		a.exposeCommand(), a.setCommand(), a.resizeCommand(), a.rmCommand(), a.waitCommand(), a.verifyCommand(), a.evidenceCommand(),
		a.rebuildCommand(), a.statsCommand(), a.auditCapsCommand(),
		a.sshCommand(), a.execCommand(), a.consoleCommand(), a.logsCommand(), a.cpCommand(), a.dockerContextCommand(), a.kubeconfigCommand(),
		a.sshConfigCommand(), a.inventoryCommand(),
		a.imageCommand(),
		a.doctorCommand(), a.hostCommand(), a.unlockCommand(), a.poolCommand(), a.tenantCommand(), a.flavorCommand(), a.auditCommand(),
		a.operationCommand(), a.reconcileCommand(),
		a.completionCommand(), a.versionCommand(),
	)
	for _, verb := range root.Commands() {
		a.verbs = append(a.verbs, verb.Name())
	}
	root.SetHelpCommand(helpCommand())
	root.SetHelpFunc(a.help)
	root.SetFlagErrorFunc(flagFault)
	return root
}

func (a *app) globalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&a.settings.connect, "connect", a.environment("HOLM_CONNECT", defaultConnect), "libvirt `URI` of the host (HOLM_CONNECT)")
	flags.StringVar(&a.settings.state, "state", a.environment("HOLM_STATE", defaultState), "`DIR` of records, images and disks (HOLM_STATE)")
	flags.StringVar(&a.settings.tenant, "tenant", "", "`NAME` of the tenant that owns the instances (default \"default\"; ls: all)")
	_ = root.RegisterFlagCompletionFunc("tenant", a.completeTenants(0))
	flags.VarP(&formatFlag{&a.settings.output}, "output", "o", "print results as `FORMAT`: table, json, yaml or name")
	flags.BoolVarP(&a.settings.quiet, "quiet", "q", false, "say nothing but results and errors")
	flags.BoolVarP(&a.settings.verbose, "verbose", "v", false, "say more about what happens")
	flags.BoolVar(&a.settings.debug, "debug", a.wantsDebug(), "tell on stderr what is run and waited for, and how long (HOLM_DEBUG=1)")
	flags.BoolVar(&a.settings.noColor, "no-color", false, "print without colour (NO_COLOR)")
}

// settle checks the global flags before any verb runs.
func (a *app) settle() error {
	if a.settings.noColor {
		a.streams.Color = false
	}
	if strings.ContainsFunc(a.settings.state, unicode.IsControl) || a.settings.state == "" {
		return fault.New(fault.Usage, "name a directory: --state /var/lib/holm", "--state: %q is no directory name", a.settings.state)
	}
	dir, err := filepath.Abs(a.settings.state)
	if err != nil {
		return fault.New(fault.Failure, "give an absolute path: --state DIR", "--state: %w", err)
	}
	a.settings.state = dir
	return nil
}

// group makes cmd a command that only holds others: alone it prints its help, and a word that is none of its
// commands is a usage error with a suggestion.
func group(cmd *cobra.Command) {
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
	ends(cmd)
}
