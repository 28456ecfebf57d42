package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/fault"
)

// completionBudget is how long a shell may wait for names: one that hangs at TAB is worse than one that offers none.
const completionBudget = time.Second

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	cmd := &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print the script that makes a shell complete holm's verbs, flags and names",
		Example:   "  source <(holm completion bash)",
		Args:      names(1, 1, "a shell: bash, zsh, fish or powershell"),
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
			return fault.New(fault.Usage, "use bash, zsh, fish or powershell", "there is no completion for %s", quoted(args[0]))
		},
	}
	ends(cmd)
	return cmd
}

// lists say what names there are.
type lists struct {
	instances               func(ctx context.Context, tenant string) ([]string, error)
	tenants, pools, flavors func(ctx context.Context) ([]string, error)
}

// completeInstances offers the names of the tenant's instances, at most high of them on one line (0 is no limit).
func (a *app) completeInstances(high int) cobra.CompletionFunc {
	return a.completes(high, func(ctx context.Context) ([]string, error) { return a.lists.instances(ctx, a.tenant()) })
}

// completeTenants offers the names of tenants.
func (a *app) completeTenants(high int) cobra.CompletionFunc {
	return a.completes(high, func(ctx context.Context) ([]string, error) { return a.lists.tenants(ctx) })
}

// completePools offers the names of pools.
func (a *app) completePools(high int) cobra.CompletionFunc {
	return a.completes(high, func(ctx context.Context) ([]string, error) { return a.lists.pools(ctx) })
}

// completeFlavors offers the names of flavors.
func (a *app) completeFlavors(high int) cobra.CompletionFunc {
	return a.completes(high, func(ctx context.Context) ([]string, error) { return a.lists.flavors(ctx) })
}

// completes offers what is listed, at most high of it on one line (0 is no limit).
func (a *app) completes(high int, list func(ctx context.Context) ([]string, error)) cobra.CompletionFunc {
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
