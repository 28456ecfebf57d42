//go:build man

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"holm"
	"holm/cmd/holm/cli"
	"holm/internal/atomicfile"
	"holm/internal/term"
)

// Built with the tag "man", this package writes man pages instead of being holm: the tree of commands is in it, and what turns it into
// pages is not in the binary.
//
//	go run -tags "libvirt_dlopen man" ./cmd/holm DIR
func main() {
	if err := writeManPages(os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// manSection is that of programs which people run.
const manSection = "1"

// writeManPages writes a page for each command. They bear the date SOURCE_DATE_EPOCH: the same source gives the same bytes.
func writeManPages(args []string, getenv func(string) string) error {
	if len(args) != 1 {
		return fmt.Errorf("name a directory: it was given %q", args)
	}
	seconds, err := strconv.ParseInt(getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH has to be the date of the source: $(hack/version date)")
	}
	date := time.Unix(seconds, 0).UTC()
	// Nothing of whoever runs this gets into a page: no variable sets the default of a flag.
	a := cli.New(term.System(getenv), func(string) string { return "" }, version)
	root := a.Tree(commands(a, wire(a))...)
	root.DisableAutoGenTag = true
	root.InitDefaultHelpCmd()
	for _, cmd := range everyCommand(root) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		header := doc.GenManHeader{
			Title: strings.ToUpper(name), Section: manSection, Date: &date, Source: "holm " + holm.Number(), Manual: "holm",
		}
		page, err := manPage(cmd, &header)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := atomicfile.WriteBytes(filepath.Join(args[0], name+"."+manSection), 0o644, page); err != nil {
			return err
		}
	}
	return nil
}

// everyCommand is the command and all that are below it and that people see.
func everyCommand(cmd *cobra.Command) []*cobra.Command {
	if cmd.Hidden {
		return nil
	}
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, everyCommand(sub)...)
	}
	return all
}

// manPage is the page of one command, with what cobra knows nothing of: the exit codes, and for the first one variables and files.
func manPage(cmd *cobra.Command, header *doc.GenManHeader) ([]byte, error) {
	cmd.Short, cmd.Long = plainMarkdown(cmd.Short), plainMarkdown(cmd.Long)
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[escapedKey]) == 0 {
			f.Usage, f.Annotations = plainMarkdown(f.Usage), map[string][]string{escapedKey: {"yes"}}
		}
	})
	var b bytes.Buffer
	if err := doc.GenMan(cmd, header, &b); err != nil {
		return nil, err
	}
	before, after, found := strings.Cut(tidyOptions.Replace(b.String()), "\n.SH EXAMPLE")
	if !found {
		return nil, errors.New("it has no example")
	}
	return []byte(before + "\n" + manExits(cmd) + manPlaces(cmd) + ".SH EXAMPLE" + after), nil
}

// tidyOptions makes a list of cobra's paragraphs of flags, without the defaults that say nothing.
var tidyOptions = strings.NewReplacer(
	"\n\n.PP\n\\fB-", "\n.TP\n\\fB-", "OPTIONS\n\\fB-", "OPTIONS\n.TP\n\\fB-", "COMMANDS\n\\fB-", "COMMANDS\n.TP\n\\fB-",
	"[=false]\n\t", "\n", "[=true]\n\t", "\n", "=[]\n\t", "\n", "=\"\"\n\t", "\n", "=\n\t", "\n", "\n\t", "\n",
)

// escapedKey is the annotation of a flag whose text was escaped: global flags belong to each command.
const escapedKey = "holm/man"

// plainMarkdown is a text that Markdown shows as it is, but for words in backquotes.
func plainMarkdown(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "#", `\#`).Replace(text)
}

func manExits(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(".SH EXIT STATUS\n")
	mine := strings.Fields(cmd.Annotations[cli.ExitsKey])
	for _, code := range cli.ExitCodes() {
		if number := strconv.Itoa(int(code.Kind)); !cmd.HasParent() || slices.Contains(mine, number) {
			manItem(&b, number, code.Meaning)
		}
	}
	return b.String()
}

func manPlaces(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return ""
	}
	var b strings.Builder
	b.WriteString(".SH ENVIRONMENT\n")
	manItem(&b, "HOLM_STATE", "the state directory, when --state is not given")
	manItem(&b, "HOLM_CONNECT", "libvirt's URI, when --connect is not given")
	manItem(&b, "HOLM_DEBUG", "when it is 1, the same as --debug")
	manItem(&b, "NO_COLOR", "when it is set, nothing is coloured")
	b.WriteString(".SH FILES\n")
	manItem(&b, cli.DefaultState, "the state directory: records, keys, images, and the volumes that are in no pool. Whoever can "+
		"write to it has everything")
	manItem(&b, "/etc/systemd/system/holm-*.service.d", "what instances wait for at the host's boot: the mounts of pools")
	return b.String()
}

// manItem writes a word and what it means in roff.
func manItem(b *strings.Builder, word, meaning string) {
	escape := strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`)
	b.WriteString(".TP\n\\fB" + escape.Replace(word) + "\\fP\n\\&" + escape.Replace(meaning) + "\n")
}
