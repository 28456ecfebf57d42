package images

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holm/internal/run"
)

// index is what the mirror has today: the hash of each version of each package.
type index map[string]map[string]string // name → version → sha256

func readIndex(lists string) (index, error) {
	files, err := fs.Glob(os.DirFS(lists), "*_Packages")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("apt downloaded no package lists")
	}
	all := index{}
	for _, file := range files {
		f, err := os.Open(filepath.Join(lists, file))
		if err != nil {
			return nil, err
		}
		err = errors.Join(all.read(f), f.Close())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	return all, nil
}

// Read adds the stanzas of a Packages file.
func (x index) read(r io.Reader) error {
	var name, version, sum string
	flush := func() {
		if name != "" && version != "" && sum != "" {
			if x[name] == nil {
				x[name] = map[string]string{}
			}
			x[name][version] = sum
		}
		name, version, sum = "", "", ""
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "":
			flush()
		case strings.HasPrefix(line, "Package: "):
			name = line[len("Package: "):]
		case strings.HasPrefix(line, "Version: "):
			version = line[len("Version: "):]
		case strings.HasPrefix(line, "SHA256: "):
			sum = line[len("SHA256: "):]
		}
	}
	flush()
	return lines.Err()
}

// gone lists the locked packages that the mirror no longer has in that version with that hash.
func (x index) gone(l Lock) []Move {
	var moves []Move
	for _, name := range l.names() {
		pin := l.Packages[name]
		if x[name][pin.Version] == pin.SHA256 {
			continue
		}
		versions := slices.Sorted(maps.Keys(x[name]))
		moves = append(moves, Move{Name: name, Locked: pin.Version, Now: strings.Join(versions, " or ")})
	}
	return moves
}

// installed lists the packages of a root file system with the hashes that the index gives for their versions.
func (x index) installed(ctx context.Context, root string) ([]Package, error) {
	out, err := run.Command(ctx, "dpkg-query", "--admindir="+filepath.Join(root, "var/lib/dpkg"),
		"--show", "--showformat=${Package} ${Version}\\n")
	if err != nil {
		return nil, err
	}
	var all []Package
	for line := range strings.Lines(string(out)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		sum := x[name][version]
		if sum == "" {
			return nil, fmt.Errorf("package %s %s was installed but is not in the mirror's lists", name, version)
		}
		all = append(all, Package{Name: name, Version: version, SHA256: sum})
	}
	slices.SortFunc(all, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}
