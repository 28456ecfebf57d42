package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holm/guest/renewal"
	"holm/internal/atomicfile"
)

// conflictsFile is, in the upper layer of /var, where what could not be decided is listed: ConflictsFile.
const conflictsFile = "lib/holm/etc-conflicts.json"

// ConflictsFile lists, inside the guest, what a new image's /etc did not decide.
const ConflictsFile = "/var/" + conflictsFile

// upper is where the upper layer of a folder lies below the mounted state volume.
func upper(state, dir string) string { return filepath.Join(state, "overlay", dir, "upper") }

// work is where overlayfs prepares what it moves there.
func work(state, dir string) string { return filepath.Join(state, "overlay", dir, "work") }

// renew brings the /etc of an image that is new to the instance. It never keeps an instance from booting: with the /etc that it
// had it is as good as before, and whoever gave it the image sees the console.
func renew(root, state string) {
	image, err := os.ReadFile(filepath.Join(root, renewal.ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return // an image from before there was such a thing
	}
	if err == nil {
		err = renewFrom(image, root, state)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "holm-init: /etc stays as it was with the image before: %v\n", err)
	}
}

func renewFrom(image []byte, root, state string) error {
	conflicts, renewed, err := renewal.Renew(image, renewal.Place{
		Lower: filepath.Join(root, "etc"), Upper: upper(state, "etc"),
		Others: []string{upper(state, "var"), upper(state, "opt")},
		Known:  filepath.Join(state, "image", "etc.json"),
	})
	if err != nil || !renewed {
		return err
	}
	for _, c := range conflicts {
		fmt.Fprintf(os.Stderr, "holm-init: %s: %s\n", c.Path, c.Why)
	}
	file := filepath.Join(upper(state, "var"), conflictsFile)
	if len(conflicts) == 0 {
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := renewal.EncodeConflicts(conflicts)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(file, 0o644, text)
}
