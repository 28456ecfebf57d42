package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
)

// completionBudget is how long a shell may wait for names: one that hangs at TAB is worse than one that offers none.
const completionBudget = time.Second

func completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	cmd := &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print the script that makes a shell complete holm's verbs, flags and names",
		Example:   "  source <(holm completion bash)",
		Args:      Names(1, 1, "a shell: bash, zsh, fish or powershell"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return fault.New(fault.Usage, "use bash, zsh, fish or powershell", "there is no completion for %s", Quoted(args[0]))
		},
	}
	Ends(cmd)
	return cmd
}

// Lists say what names there are.
type Lists struct {
	Instances               func(ctx context.Context, tenant string) ([]string, error)
	Tenants, Pools, Flavors func(ctx context.Context) ([]string, error)
}

// CompleteInstances offers the names of the tenant's instances, at most high of them on one line (0 is no limit).
func (a *App) CompleteInstances(high int) cobra.CompletionFunc {
	return a.Completes(high, func(ctx context.Context) ([]string, error) { return a.Lists.Instances(ctx, a.Tenant()) })
}

// CompleteTenants offers the names of tenants.
func (a *App) CompleteTenants(high int) cobra.CompletionFunc {
	return a.Completes(high, func(ctx context.Context) ([]string, error) { return a.Lists.Tenants(ctx) })
}

// CompletePools offers the names of pools.
func (a *App) CompletePools(high int) cobra.CompletionFunc {
	return a.Completes(high, func(ctx context.Context) ([]string, error) { return a.Lists.Pools(ctx) })
}

// CompleteFlavors offers the names of flavors.
func (a *App) CompleteFlavors(high int) cobra.CompletionFunc {
	return a.Completes(high, func(ctx context.Context) ([]string, error) { return a.Lists.Flavors(ctx) })
}

// Completes offers what is listed, at most high of it on one line (0 is no limit).
func (a *App) Completes(high int, list func(ctx context.Context) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if high > 0 && len(args) >= high {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(cmd.Context(), args, list), cobra.ShellCompDirectiveNoFileComp
	}
}

// offer asks for names under the budget and leaves out those that stand on the line already. There is nobody to tell
// an error to; a list that does not come in time is left behind.
func offer(ctx context.Context, taken []string, list func(context.Context) ([]string, error)) []cobra.Completion {
	ctx, cancel := context.WithTimeout(ctx, completionBudget)
	defer cancel()
	found := make(chan []string, 1)
	go func() {
		all, err := list(ctx)
		if err != nil {
			all = nil
		}
		found <- all
	}()
	skip := map[string]bool{}
	for _, name := range taken {
		skip[name] = true
	}
	var free []cobra.Completion
	select {
	case <-ctx.Done():
	case all := <-found:
		for _, name := range all {
			if !skip[name] {
				free = append(free, name)
			}
		}
	}
	return free
}
