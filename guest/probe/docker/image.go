package docker

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

const (
	setuid     = "/setuid" // the setuid copy of the agent's program in the image
	dockerMode = 0o4755    // its mode, as a tar header has it
	dockerTar  = "x-tar"   // of the import
	repo       = "holm-probe"
)

// dockerImport makes the image of the checks' containers: folders to mount on, and a copy of the agent's program that is
// root's and setuid. There is no registry to pull from, and nothing here needs one. It returns the image's id.
func (d *client) dockerImport(ctx context.Context, program, tag string) (string, error) {
	read, write := io.Pipe()
	go func() { write.CloseWithError(writeImage(write, program)) }()
	defer func() { _ = read.Close() }()
	query := url.Values{
		"fromSrc": {"-"}, "repo": {repo}, "tag": {tag}, "changes": {"LABEL " + label + "=1"},
	}
	stream, err := d.open(ctx, http.MethodPost, "/images/create", query, read, "application/"+dockerTar)
	if err != nil {
		return "", err
	}
	defer func() { _ = stream.Close() }()
	return dockerImported(io.LimitReader(stream, maxAnswer))
}

// dockerImported reads the messages of an import, one JSON object a line, for the id or the error.
func dockerImported(stream io.Reader) (string, error) {
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		var message struct {
			Status string `json:"status"`
			Error  string `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &message); err != nil {
			return "", fmt.Errorf("the import of an image answers %q", clean(lines.Text()))
		}
		if message.Error != "" {
			return "", fmt.Errorf("the import of an image: %s", clean(message.Error))
		}
		if dockerID.MatchString(strings.TrimPrefix(message.Status, "sha256:")) {
			return message.Status, nil
		}
	}
	return "", errors.Join(errors.New("the import of an image told no id"), lines.Err())
}

func writeImage(to io.Writer, program string) error {
	w := tar.NewWriter(to)
	for _, folder := range []string{"proc/", "sys/", "dev/", "tmp/", "etc/", "guest/"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder, Mode: 0o755}); err != nil {
			return err
		}
	}
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(setuid, "/")
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: dockerMode, Size: info.Size()}); err != nil {
		return err
	}
	if _, err := io.Copy(w, f); err != nil {
		return err
	}
	return w.Close()
}
