package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holm/internal/fault"
	"holm/internal/term"
)

// ExitsKey is the annotation that holds a command's exit codes.
const ExitsKey = "holm/exits"

// Ends notes which exit codes a command can end with, besides those that every command has.
func Ends(cmd *cobra.Command, kinds ...fault.Kind) {
	numbers := []string{"0", strconv.Itoa(int(fault.Failure)), strconv.Itoa(int(fault.Usage))}
	for _, kind := range kinds {
		numbers = append(numbers, strconv.Itoa(int(kind)))
	}
	numbers = append(numbers, strconv.Itoa(int(fault.Interrupted)))
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[ExitsKey] = strings.Join(numbers, " ")
}

// help prints the help of one command to Out.
func (a *App) help(cmd *cobra.Command, _ []string) {
	var b strings.Builder
	b.WriteString(cmd.Short + ".\n")
	if cmd.Long != "" {
		b.WriteString("\n" + cmd.Long + "\n")
	}
	b.WriteString("\nUsage:\n  " + cmd.UseLine() + "\n")
	b.WriteString("\nExample:\n" + cmd.Example + "\n")
	writeCommands(&b, cmd)
	writeFlags(&b, "Flags", cmd.NonInheritedFlags())
	writeFlags(&b, "Global flags", cmd.InheritedFlags())
	writeExits(&b, cmd)
	_, _ = io.WriteString(cmd.OutOrStdout(), b.String())
}

func writeCommands(b *strings.Builder, cmd *cobra.Command) {
	list := func(title, id string) {
		first := true
		for _, sub := range cmd.Commands() {
			if !sub.IsAvailableCommand() || sub.GroupID != id {
				continue
			}
			if first {
				b.WriteString("\n" + title + ":\n")
				first = false
			}
			fmt.Fprintf(b, "  %-11s %s\n", sub.Name(), sub.Short)
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	title := "Commands"
	if len(cmd.Groups()) > 0 {
		title = "More"
	}
	list(title, "")
}

func writeFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if flags.HasAvailableFlags() {
		b.WriteString("\n" + title + ":\n" + flags.FlagUsagesWrapped(term.DefaultWidth))
	}
}

// writeExits prints the lines of the table of exit codes that concern the command; the root shows all of them.
func writeExits(b *strings.Builder, cmd *cobra.Command) {
	b.WriteString("\nExit codes:\n")
	mine := strings.Fields(cmd.Annotations[ExitsKey])
	for _, code := range ExitCodes() {
		number := strconv.Itoa(int(code.Kind))
		for _, m := range mine {
			if m == number || !cmd.HasParent() {
				fmt.Fprintf(b, "  %3s  %s\n", number, code.Meaning)
				break
			}
		}
	}
}

func helpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "help [VERB]",
		Short:   "Show the help of a verb",
		Example: "  holm help create",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fault.New(fault.Usage, "see: holm --help", "there is no help about %q", term.Line(strings.Join(args, " ")))
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
	Ends(cmd)
	return cmd
}
