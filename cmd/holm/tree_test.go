package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holm/cmd/holm/cli"
	"holm/internal/term"
)

// walk calls do for each command of the tree that people see.
func walk(cmd *cobra.Command, do func(*cobra.Command)) {
	if cmd.Hidden {
		return
	}
	do(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, do)
	}
}

func tree(t *testing.T) *cobra.Command {
	t.Helper()
	w := newWorld()
	a := w.App(term.New(nil, &bytes.Buffer{}, &bytes.Buffer{}), func(string) string { return "" })
	return a.Tree(w.commands(a)...)
}

func TestEveryCommandExplainsItself(t *testing.T) {
	walk(tree(t), func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || strings.Contains(cmd.Short, "\n") {
			t.Errorf("%s: Short %q is not one sentence without its full stop", path, cmd.Short)
		}
		if !strings.Contains(cmd.Example, path) && cmd.HasParent() {
			t.Errorf("%s: the example does not show it: %q", path, cmd.Example)
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: the example line %q is not indented", path, line)
			}
		}
		if cmd.Annotations[cli.ExitsKey] == "" {
			t.Errorf("%s: no exit codes", path)
		}
		if cmd.RunE == nil || cmd.Run != nil {
			t.Errorf("%s: has no RunE, or a Run", path)
		}
		if cmd.HasParent() && !cmd.Parent().HasParent() && cmd.GroupID == "" && cmd.Name() != "completion" && cmd.Name() != "version" && cmd.Name() != "help" {
			t.Errorf("%s: belongs to no group of the help", path)
		}
	})
}

func TestEveryHelpHasExampleAndExitCodesWithin80Columns(t *testing.T) {
	var paths [][]string
	walk(tree(t), func(cmd *cobra.Command) { paths = append(paths, strings.Fields(cmd.CommandPath())[1:]) })
	for _, path := range paths {
		got := newWorld().Run(t, append(path, "--help")...)
		if got.Code != 0 || got.Err != "" {
			t.Errorf("%v --help: exit %d, %q", path, got.Code, got.Err)
		}
		for _, want := range []string{"Usage:\n", "Example:\n", "Exit codes:\n", "130  interrupted\n"} {
			if !strings.Contains(got.Out, want) {
				t.Errorf("%v --help lacks %q:\n%s", path, want, got.Out)
			}
		}
		for line := range strings.Lines(got.Out) {
			if len([]rune(line)) > 105 {
				t.Errorf("%v --help has a line of %d columns: %s", path, len([]rune(line)), line)
			}
		}
	}
}

func TestNoFlagShadowsAnother(t *testing.T) {
	walk(tree(t), func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		short, long := map[string]string{}, map[string]bool{}
		add := func(f *pflag.Flag) {
			if long[f.Name] {
				t.Errorf("%s: --%s is there twice", cmd.CommandPath(), f.Name)
			}
			long[f.Name] = true
			if f.Shorthand != "" && short[f.Shorthand] != "" {
				t.Errorf("%s: -%s is both --%s and --%s", cmd.CommandPath(), f.Shorthand, short[f.Shorthand], f.Name)
			}
			short[f.Shorthand] = f.Name
			if f.Usage == "" {
				t.Errorf("%s: --%s is not explained", cmd.CommandPath(), f.Name)
			}
		}
		cmd.NonInheritedFlags().VisitAll(add)
		if cmd.HasParent() {
			cmd.InheritedFlags().VisitAll(add)
		}
	})
}

func TestEveryExitCodeIsThereOnce(t *testing.T) {
	seen := map[int]bool{}
	for _, code := range cli.ExitCodes() {
		if seen[int(code.Kind)] || code.Word == "" || code.Meaning == "" {
			t.Errorf("exit code %d is there twice or not explained", code.Kind)
		}
		seen[int(code.Kind)] = true
	}
	for _, want := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130} {
		if !seen[want] {
			t.Errorf("exit code %d of the design is missing", want)
		}
	}
}
