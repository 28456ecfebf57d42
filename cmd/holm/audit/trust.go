package audit

import (
	"crypto/ed25519"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/storage/ledger"
)

// trust is whose signature a file has to bear.
type trust struct {
	key string
	any bool
}

func (w *trust) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.key, "key", "", "trust only this `KEY`, as \"holm audit checkpoint\" names it")
	cmd.Flags().BoolVar(&w.any, "any-key", false, "be content with whoever signed it: nobody knows then where it comes from")
	cmd.MarkFlagsMutuallyExclusive("key", "any-key")
}

// public is the key that was given; nil when none was.
func (w *trust) public() (ed25519.PublicKey, error) {
	if w.key == "" {
		return nil, nil
	}
	key, err := ledger.ParseKey(w.key)
	if err != nil {
		return nil, fault.New(fault.Usage, "it stands in each checkpoint: holm audit checkpoint", "--key: %w", err)
	}
	return key, nil
}

// cell says what a signature that fits proves.
func (w *trust) cell() term.Cell {
	if w.key == "" {
		return term.Cell{Text: "holds, by a key that only the file itself names: it proves no origin", Tone: term.Attention}
	}
	return term.Cell{Text: "holds", Tone: term.Good}
}

// enough fails when nobody said whose key it has to be: anybody can make a file that is signed by its own key.
func (w *trust) enough(path, verify string) error {
	if w.key != "" || w.any {
		return nil
	}
	return fault.New(fault.CheckFailed,
		"with the key of that host's \"holm audit checkpoint\": holm "+verify+" "+cli.Quoted(path)+" --key KEY",
		"%s: nobody said whose key it has to be", cli.Quoted(path))
}
