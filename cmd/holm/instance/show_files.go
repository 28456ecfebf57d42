package instance

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "holm/api/v1"
	"holm/cloudinit"
	"holm/internal/term"
)

// fileList is the document of show --files, as people read it.
type fileList v1.SeededFiles

// showFiles says what lies in an instance because of its seed. Nobody asks the instance: it may not run, and need not
// tell the truth.
func showFiles(ctx context.Context, a *app, name string) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	v, err := p.Look.Show(ctx, a.Tenant(), name)
	if err != nil {
		return err
	}
	files, err := cloudinit.Files(v.Profile, v.User)
	if err != nil {
		return err
	}
	list := fileList{Files: make([]v1.SeededFile, 0, len(files))}
	names := make([]string, 0, len(files))
	for _, f := range files {
		list.Files = append(list.Files, v1.SeededFile{Path: f.Path, Mode: fmt.Sprintf("%04o", f.Mode.Perm()), Purpose: f.Purpose})
		names = append(names, f.Path)
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: v1.SeededFiles(list), People: list, Names: names})
}

// pathColumns is how wide the column of paths is for people: a longer path has a line of its own, so that there is room
// for purposes.
const pathColumns = 34

// Write prints the table. Where a line has no room for a purpose, it goes on below itself: cut, it would say nothing.
func (l fileList) Write(w io.Writer, person bool, width int, style term.Style) error {
	if !person {
		t := term.Table{Columns: []term.Column{{Title: "PATH"}, {Title: "MODE"}, {Title: "PURPOSE"}}}
		for _, f := range l.Files {
			t.Rows = append(t.Rows, []term.Cell{term.Text(f.Path), term.Text(f.Mode), term.Text(f.Purpose)})
		}
		return t.Write(w, person, width, style)
	}
	const mode = 4
	var b strings.Builder
	line := func(path, mode, purpose string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %-4s  %s", pathColumns, path, mode, purpose), " ") + "\n")
	}
	line("PATH", "MODE", "PURPOSE")
	for _, f := range l.Files {
		path, octal := term.Line(f.Path), f.Mode
		if len(path) > pathColumns {
			b.WriteString(path + "\n")
			path = ""
		}
		for _, part := range term.Wrap(f.Purpose, width-pathColumns-mode-4) {
			line(path, octal, part)
			path, octal = "", ""
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
