package images

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"holm/internal/fault"
	"holm/internal/run"
)

// fetchIndex lets apt download and check the signed lists into a folder of ours; the host's own apt is not touched.
func fetchIndex(ctx context.Context, dir string, m Mirror, suite string) (index, error) {
	lists := filepath.Join(dir, "lists")
	for _, d := range []string{filepath.Join(lists, "partial"), filepath.Join(dir, "cache/archives/partial"), filepath.Join(dir, "etc")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	sources := strings.Join(m.sources(suite), "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "etc", "sources.list"), []byte(sources), 0o600); err != nil {
		return nil, err
	}
	// A system without any package, for plan.
	if err := os.WriteFile(filepath.Join(dir, "status"), nil, 0o600); err != nil {
		return nil, err
	}
	_, err := run.Run(ctx, run.Cmd{Name: "apt-get", Env: proxyEnv(ctx), Args: append(aptOptions(dir), "update")})
	if err != nil {
		return nil, fault.New(fault.Failure, wayOut,
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
	return planned(string(out)), nil
}

// planned reads the versions out of what apt says that it would install.
func planned(simulation string) map[string]string {
	versions := map[string]string{}
	for line := range strings.Lines(simulation) {
		if m := plannedLine.FindStringSubmatch(line); m != nil {
			versions[m[1]] = m[2]
		}
	}
	return versions
}
