//go:build man

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasAManPageOfTheSourcesDate(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"SOURCE_DATE_EPOCH": "1796000000", "HOLM_STATE": "/somewhere"}
	if err := writeManPages([]string{dir}, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	pages := 1 // that of "help", which cobra adds when it runs
	walk(tree(t), func(cmd *cobra.Command) {
		pages++
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		content, err := os.ReadFile(filepath.Join(dir, name+".1"))
		if err != nil {
			t.Error(err)
			return
		}
		page := string(content)
		first := `.TH "` + strings.ToUpper(name) + `" "1" "Nov 2026"`
		for _, want := range []string{first, ".SH EXIT STATUS\n.TP\n\\fB0\\fP\n", "\\fB130\\fP\n", ".SH EXAMPLE"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: it lacks %q", name, want)
			}
		}
		if strings.Contains(page, "/somewhere") {
			t.Errorf("%s: it tells of who wrote it", name)
		}
	})
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != pages {
		t.Errorf("there are %d pages of %d commands", len(files), pages)
	}
}

func TestManPagesWithoutADateAreNotWritten(t *testing.T) {
	if err := writeManPages([]string{t.TempDir()}, func(string) string { return "" }); err == nil {
		t.Error("they are")
	}
}
