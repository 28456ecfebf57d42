package world

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestALayerHasTheProgramAndAsMuchMoreAsWasAskedFor(t *testing.T) {
	dir := t.TempDir()
	program, layer := filepath.Join(dir, "wire"), filepath.Join(dir, "layer")
	if err := os.WriteFile(program, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := packProgram(layer, program, 5000); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(layer)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h.Size
		if h.Name == "wire" && h.Mode != 0o755 {
			t.Errorf("the program's mode is %o", h.Mode)
		}
	}
	if got["wire"] != 7 || got["more"] != 5000 || len(got) != 2 {
		t.Errorf("the layer has %v", got)
	}
}
