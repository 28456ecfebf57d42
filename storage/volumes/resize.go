package volumes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"holm/internal/run"
)

// image is how QEMU opens a file, in its own words.
type image struct {
	Driver  string      `json:"driver"`
	File    imageFile   `json:"file"`
	Secret  string      `json:"key-secret,omitempty"` // of a LUKS file
	Encrypt *encryption `json:"encrypt,omitempty"`    // of a qcow2 file
}

type imageFile struct {
	Driver string `json:"driver"`
	Name   string `json:"filename"`
}

type encryption struct {
	Format string `json:"format"`
	Secret string `json:"key-secret"`
}

// secretName is what QEMU calls the key, and secretFile where it reads it: a pipe that it inherits, so that the key is in no
// argument, no variable and no file.
const (
	secretName = "key"
	secretFile = "/dev/fd/3" // #nosec G101 -- where it is read, and not what
)

// resize lets qemu-img do it for raw files too: it sees QEMU's lock, and so that a guest has the file open.
func resize(ctx context.Context, path, kind string, gib int, key []byte) error {
	if err := resizeFile(ctx, path, kind, gib, key); err != nil {
		return inUse(path, fmt.Errorf("grow volume %s: %w", path, err))
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("grow volume: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := file.Sync(); err != nil {
		return fmt.Errorf("grow volume %s: %w", path, err)
	}
	return nil
}

var errOtherKey = errors.New("its key was not given, or it has none")

func resizeFile(ctx context.Context, path, kind string, gib int, key []byte) error {
	size := strconv.Itoa(gib) + "G"
	if locked, err := encrypted(path, kind); err != nil {
		return err
	} else if locked != (key != nil) {
		return errOtherKey
	}
	if key == nil {
		_, err := run.Command(ctx, "qemu-img", "resize", "-q", "-f", kind, path, size)
		return err
	}
	opened := image{Driver: kind, File: imageFile{Driver: "file", Name: path}}
	if kind == qcow2().kind {
		opened.Encrypt = &encryption{Format: "luks", Secret: secretName}
	} else {
		opened.Driver, opened.Secret = "luks", secretName
	}
	text, err := json.Marshal(opened) // #nosec G117 -- the name of the secret
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = read.Close() }()
	_, err = write.Write(key) // a pipe holds more than a key
	if closed := write.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	_, err = run.Run(ctx, run.Cmd{
		Name:  "qemu-img",
		Args:  []string{"resize", "-q", "--object", "secret,id=" + secretName + ",format=raw,file=" + secretFile, "json:" + string(text), size},
		Files: []*os.File{read},
	})
	return err
}
