package cli

import (
	"log/slog"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"holm/internal/debuglog"
)

// wantsDebug is what the environment says: HOLM_DEBUG of anything but 0 and false.
func wantsDebug(a *App) bool {
	return !slices.Contains([]string{"", "0", "false"}, a.Getenv("HOLM_DEBUG"))
}

// listen gives all that the verb does a log to write to, where one was asked for. Of the command line it tells the verb alone: what
// follows may be a command for a guest, with whatever is in it.
func listen(a *App, cmd *cobra.Command) {
	if !a.Settings.debug {
		return
	}
	log := debuglog.New(a.Streams.Lines())
	cmd.SetContext(debuglog.With(cmd.Context(), log))
	log.Debug("begun", slog.String("verb", cmd.CommandPath()), slog.String("version", a.Build().Version), slog.Int("pid", os.Getpid()),
		slog.String("state", a.Settings.State), slog.String("connect", a.Settings.Connect))
}
