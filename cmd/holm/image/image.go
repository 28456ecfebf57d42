package image

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/images"
	"holm/internal/term"
)

func imageCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "image VERB",
		Short:   "Build, list, verify and remove golden images",
		Example: "  sudo holm image build\n  sudo holm image ls",
		GroupID: cli.GroupImages,
	}
	cli.Group(cmd)
	cmd.AddCommand(buildCommand(a), lockCommand(a), lsCommand(a), showCommand(a),
		verifyCommand(a), rmCommand(a))
	return cmd
}

func imageResult(all []images.Manifest) term.Result {
	list := make([]string, len(all))
	t := term.Table{Columns: []term.Column{
		{Title: "NAME", Min: 12},
		{Title: "DIGEST"},
		{Title: "LOCK"},
		{Title: "KERNEL", Min: 12, Spare: 1},
		{Title: "SIZE", Right: true},
		{Title: "PROFILES", Min: 8},
		{Title: "EPOCH"},
	}}
	for i, m := range all {
		list[i] = m.Digest
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(m.Name),
			{Text: m.Short(), Pipe: m.Digest},
			lockCell(m), term.Text(m.KernelVersion),
			cli.BytesCell(m.Bytes()), term.Text(strings.Join(m.Profiles, ",")), epochCell(m),
		})
	}
	return term.Result{Document: encode.ImageList(all), People: t, Names: list}
}

func lockCell(m images.Manifest) term.Cell {
	if m.Unlocked {
		return term.Cell{Text: "unlocked", Tone: term.Attention}
	}
	return term.Text("locked")
}

// epochCell is the day of the lock: an image is the same whenever it is built, so it has no age of its own.
func epochCell(m images.Manifest) term.Cell {
	return term.Cell{Text: m.Epoch.UTC().Format(time.DateOnly), Pipe: term.Time(m.Epoch)}
}

// oneImage is an image in full.
func oneImage(m images.Manifest) term.Result {
	var f term.Fields
	f.Add("name", term.Text(m.Name))
	f.Add("digest", term.Text(m.Digest))
	f.Add("lock", lockCell(m))
	for _, moved := range m.Moved {
		f.Add("moved", term.Cell{Text: moved.String(), Tone: term.Attention})
	}
	f.Add("epoch", epochCell(m))
	f.Add("size", cli.BytesCell(m.Bytes()))
	f.Add("kernel", term.Text(m.KernelVersion))
	f.Add("root hash", term.Text(m.RootHash))
	f.Add("profiles", term.Text(strings.Join(m.Profiles, ", ")))
	f.Add("packages", term.Text(cli.Decimal(len(m.Packages))))
	return term.Result{Document: encode.Image(m), People: f, Names: []string{m.Digest}}
}

// bars shows progress; the second result must be called when the work is over, and told whether it is whole. Nobody
// watches a quiet run.
func bars(ctx context.Context, a *app) (update func(part string, done, total int64), end func(whole bool)) {
	if a.Settings.Quiet || a.Machine() {
		return func(string, int64, int64) {}, func(bool) {}
	}
	bars := a.Streams.Bars(ctx)
	return bars.Update, bars.Close
}

// completeImages offers the names and digests of images.
func completeImages(a *app) cobra.CompletionFunc {
	return a.Completes(0, func(context.Context) ([]string, error) {
		store, err := a.Store()
		if err != nil {
			return nil, err
		}
		all, err := store.List()
		list := make([]string, 0, 2*len(all))
		for _, m := range all {
			list = append(list, m.Name, m.Short())
		}
		return list, err
	})
}
