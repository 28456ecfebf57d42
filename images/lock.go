package images

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"holm/internal/fault"
)

const (
	maxLock  = 4 << 20      // bytes of a lock file
	maxEpoch = 253402300799 // the last second of the year 9999: no manifest can say a later one
)

// Lock pins the packages of an image.
type Lock struct {
	Name   string   `json:"name"`              // of the image
	Suite  string   `json:"suite"`             // Debian's name for the release
	Epoch  int64    `json:"source_date_epoch"` // seconds; every time stamp in the image is at most this
	Wanted []string `json:"wanted"`            // packages asked for; the rest are their dependencies

	// Profile is Hypervisor for the image of a host; empty for one that instances boot from.
	Profile string `json:"profile,omitempty"`

	Packages map[string]Pin `json:"packages"`

	// K3s is where k3s is downloaded from for an image that can be a Kubernetes node; nil for one that cannot.
	K3s *K3s `json:"k3s,omitempty"`
}

// Pin is one package's version and the hash of its .deb.
type Pin struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

//go:embed debian-13.lock
var debian13 []byte

//go:embed debian-13-hypervisor.lock
var debian13Hypervisor []byte

// DefaultLock returns the lock that this holm was released with.
func DefaultLock() (Lock, error) { return ParseLock(debian13) }

// HypervisorLock returns the lock of the host's image that this holm was released with.
func HypervisorLock() (Lock, error) { return ParseLock(debian13Hypervisor) }

// ReleasedLock returns the lock that this holm was released with for a profile; "" is the image of instances.
func ReleasedLock(profile string) (Lock, error) {
	switch profile {
	case "":
		return DefaultLock()
	case Hypervisor:
		return HypervisorLock()
	}
	return Lock{}, fault.New(fault.Usage,
		"the one profile with an image of its own is hypervisor; the others are chosen by: holm create --profile",
		"--profile %.100q is no profile of images", profile)
}

// ParseLock reads a lock file. Every name and version in it ends in an argument of apt's, so each is held to the form
// that Debian's policy gives it.
func ParseLock(content []byte) (Lock, error) {
	if len(content) > maxLock {
		return Lock{}, notValid("it has more than %d bytes", maxLock)
	}
	var l Lock
	if err := yaml.UnmarshalStrict(content, &l); err != nil {
		return Lock{}, notValid("%w", err)
	}
	return l, l.check()
}

func (l Lock) check() error {
	if !nameForm.MatchString(l.Name) {
		return notValid("name %q", l.Name)
	}
	if !suiteForm.MatchString(l.Suite) {
		return notValid("suite %q", l.Suite)
	}
	if l.Epoch <= 0 || l.Epoch > maxEpoch {
		return notValid("source_date_epoch %d", l.Epoch)
	}
	if l.Profile != "" && l.Profile != Hypervisor {
		return notValid("profile %q", l.Profile)
	}
	if l.Profile == Hypervisor && l.K3s != nil {
		return notValid("profile %q has no k3s", l.Profile)
	}
	if err := l.K3s.check(); err != nil {
		return notValid("k3s: %w", err)
	}
	for _, name := range l.Wanted {
		if !packageForm.MatchString(name) {
			return notValid("wanted package %q", name)
		}
	}
	for _, name := range l.names() {
		pin := l.Packages[name]
		if !packageForm.MatchString(name) || !versionForm.MatchString(pin.Version) || !sumForm.MatchString(pin.SHA256) {
			return notValid("package %q, version %q, sha256 %q", name, pin.Version, pin.SHA256)
		}
	}
	return nil
}

func notValid(format string, args ...any) error {
	return fault.New(fault.Usage, "write a new one with: holm image lock", "the image lock is not valid: %w", fmt.Errorf(format, args...))
}

// Write renders the lock with its packages sorted, one line each, so that a renewed lock makes a readable diff.
func (l Lock) Write(w io.Writer) error {
	head, err := yaml.Marshal(struct {
		Epoch   int64    `json:"source_date_epoch"`
		Name    string   `json:"name"`
		Profile string   `json:"profile,omitempty"`
		Suite   string   `json:"suite"`
		Wanted  []string `json:"wanted"`
		K3s     *K3s     `json:"k3s,omitempty"`
	}{l.Epoch, l.Name, l.Profile, l.Suite, l.Wanted, l.K3s})
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# Renewed by: holm image lock\n")
	b.Write(head)
	b.WriteString("packages:\n")
	for _, name := range l.names() {
		// Both values have been held to forms that need no quoting inside double quotes.
		fmt.Fprintf(&b, "  %q: {version: %q, sha256: %q}\n", name, l.Packages[name].Version, l.Packages[name].SHA256)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func (l Lock) names() []string {
	return slices.Sorted(maps.Keys(l.Packages))
}

// moves compares what was installed with the lock.
func (l Lock) moves(installed []Package) []Move {
	var moves []Move
	seen := map[string]bool{}
	for _, p := range installed {
		seen[p.Name] = true
		if pin := l.Packages[p.Name]; pin.Version != p.Version || pin.SHA256 != p.SHA256 {
			moves = append(moves, Move{Name: p.Name, Locked: pin.Version, Now: p.Version})
		}
	}
	for _, name := range l.names() {
		if !seen[name] {
			moves = append(moves, Move{Name: name, Locked: l.Packages[name].Version})
		}
	}
	slices.SortFunc(moves, func(a, b Move) int { return strings.Compare(a.Name, b.Name) })
	return moves
}
