// Package profiles says what makes a container host of an instance: for each profile, the files that its first boot
// writes because of the seed. Every file is made from typed values and parsed back before it leaves this package; none
// is a template.
package profiles

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"

	"holm/internal/fault"
)

// The profiles.
const (
	Plain  = "plain"
	Docker = "docker"
	K3s    = "k3s"
)

// Params are what an instance's files depend on besides its profile.
type Params struct {
	InstanceID string
	Hostname   string
	User       string
	Address    netip.Addr
	Address6   netip.Addr   // invalid when the instance has none
	Gateways   []netip.Addr // the host, as the instance sees it
	HostKey    string       // the host's own client key, in authorized_keys format; "" when it has none here
	APINames   []string     // what else the API of k3s is called from outside
}

// File is one file that the first boot makes inside the guest because of the seed.
type File struct {
	Path    string // absolute
	Mode    fs.FileMode
	Content []byte
	Purpose string // one sentence for people
}

// Files returns the files of a profile, sorted by path; all belong to root. Errors are faults of kind Usage: the
// profile is not known, or lacks one of the Params.
func Files(profile string, p Params) ([]File, error) {
	files, err := sharedFiles(profile, p)
	if err != nil {
		return nil, err
	}
	var own []File
	switch profile {
	case Plain:
	case Docker:
		own, err = dockerFiles()
	case K3s:
		own, err = k3sFiles(p)
	default:
		err = fault.New(fault.Usage, "use plain, docker or k3s", "profile %q is not known", profile)
	}
	if err != nil {
		return nil, err
	}
	files = append(files, own...)
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// draft is a File whose content is still to be made.
type draft struct {
	path    string
	mode    fs.FileMode
	purpose string
	encode  func() ([]byte, error)
}

func filesOf(drafts []draft) ([]File, error) {
	files := make([]File, 0, len(drafts))
	for _, d := range drafts {
		content, err := d.encode()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.path, err)
		}
		files = append(files, File{Path: d.path, Mode: d.mode, Content: content, Purpose: d.purpose})
	}
	return files, nil
}
