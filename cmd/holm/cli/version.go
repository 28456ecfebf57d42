package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"holm"
	v1 "holm/api/v1"
	"holm/internal/term"
)

func versionCommand(a *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which holm this is",
		Example: "  holm version",
		Args:    Names(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			b := a.Build()
			var f term.Fields
			f.Add("holm", term.Text(b.Version))
			revision := b.Revision
			if b.Modified {
				revision += " (modified)"
			}
			f.Add("revision", term.Text(revision))
			f.Add("go", term.Text(b.Go))
			f.Add("platform", term.Text(b.Platform))
			return a.Streams.Print(a.Settings.Output, term.Result{Document: b, People: f, Names: []string{b.Version}})
		},
	}
	Ends(cmd)
	return cmd
}

// Build puts the version together from what Go has noted of the source, in the way "make build" does, where the linker was not told it.
func (a *App) Build() v1.Version {
	b := v1.Version{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	var committed time.Time
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.time":
				committed, _ = time.Parse(time.RFC3339, s.Value) // it only orders versions
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
	}
	b.Version = cmp.Or(a.Version, holm.Version(b.Revision, committed, b.Modified))
	return b
}
