package images

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/internal/run"
)

// index is what the mirror has today: the hash of each version of each package.
type index map[string]map[string]string // name → version → sha256

// fetchIndex lets apt download and check the signed lists into a folder of ours; the host's own apt is not touched.
func fetchIndex(ctx context.Context, dir string, m Mirror, suite string) (index, error) {
	lists := filepath.Join(dir, "lists")
	for _, d := range []string{lists + "/partial", filepath.Join(dir, "cache/archives/partial"), filepath.Join(dir, "etc")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	sources := strings.Join(m.sources(suite), "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "etc", "sources.list"), []byte(sources), 0o644); err != nil {
		return nil, err
	}
	// A system without any package, for plan.
	if err := os.WriteFile(filepath.Join(dir, "status"), nil, 0o644); err != nil {
		return nil, err
	}
	_, err := run.Run(ctx, run.Cmd{Name: "apt-get", Env: proxyEnv(), Args: append(aptOptions(dir), "update")})
	if err != nil {
		return nil, fault.New(fault.Failure, "check the network and the mirror in /etc/apt/sources.list",
			"cannot read Debian's package lists from %s: %w", m.Main, err)
	}
	return readIndex(lists)
}

// aptOptions keep apt inside dir.
func aptOptions(dir string) []string {
	var args []string
	for _, o := range []string{
		"Dir::Etc::sourcelist=" + filepath.Join(dir, "etc", "sources.list"),
		"Dir::Etc::sourceparts=-",
		"Dir::Etc::preferencesparts=-",
		"Dir::State::lists=" + filepath.Join(dir, "lists"),
		"Dir::State::status=" + filepath.Join(dir, "status"),
		"Dir::Cache=" + filepath.Join(dir, "cache"),
		"APT::Architecture=amd64",
		"APT::Architectures=amd64",
		"APT::Install-Recommends=false",
		"APT::Sandbox::User=root", // the folder is closed to apt's own user
		"APT::Update::Error-Mode=any",
		"Acquire::GzipIndexes=false",
		"Acquire::Languages=none",
		"Acquire::Retries=3",
	} {
		args = append(args, "-o", o)
	}
	return append(args, "-q")
}

var plannedLine = regexp.MustCompile(`^Inst (\S+) \((\S+) `)

// plan asks apt what it would install for the wanted packages on a system that has none. The index must have been
// fetched into dir.
func plan(ctx context.Context, dir string, wanted []string) (map[string]string, error) {
	args := append(aptOptions(dir), "install", "--simulate", "--")
	out, err := run.Run(ctx, run.Cmd{Name: "apt-get", Args: append(args, wanted...)})
	if err != nil {
		return nil, fmt.Errorf("plan the image's packages: %w", err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if m := plannedLine.FindStringSubmatch(line); m != nil {
			versions[m[1]] = m[2]
		}
	}
	return versions, nil
}

func readIndex(lists string) (index, error) {
	files, err := filepath.Glob(filepath.Join(lists, "*_Packages"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("apt downloaded no package lists")
	}
	all := index{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		err = errors.Join(all.read(f), f.Close())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
		}
	}
	return all, nil
}

// read adds the stanzas of a Packages file.
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
		versions := make([]string, 0, len(x[name]))
		for v := range x[name] {
			versions = append(versions, v)
		}
		slices.Sort(versions)
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

// proxyEnv hands on what the operator's environment says of proxies; apt reads nothing else of it.
func proxyEnv() []string {
	var env []string
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
