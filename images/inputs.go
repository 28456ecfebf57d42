package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"

	"holm/guest"
	"holm/guest/probe"
	"holm/images/rootfs"
)

// layoutVersion changes whenever the builder makes something else of the same inputs.
const layoutVersion = "3"

// payload is what goes into an image besides Debian's packages.
type payload struct {
	init, agent []byte
	files       fs.FS             // laid over the root file system
	links       map[string]string // symbolic links and their targets
}

func guestPayload() (payload, error) {
	p := payload{files: guest.Files(), links: guest.Links()}
	var err error
	if p.init, err = guest.Program(guest.Init); err != nil {
		return payload{}, err
	}
	p.agent, err = guest.Program(guest.Agent)
	return p, err
}

// inputs is the digest of all that decides what an image will be: the lock, the guest's files and programs, and the way
// this builder puts them together. Writing to a hash never fails.
func (p payload) inputs(l Lock) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "layout %s\n", layoutVersion)
	if err := l.Write(h); err != nil {
		return "", err
	}
	// fmt prints maps in the order of their keys.
	_, _ = fmt.Fprintf(h, "links %q\nexcluded %q\nmodules %q\n", p.links, excluded, initrdModules)
	_, _ = fmt.Fprintf(h, "made %q\npruned %q\nfixed %q\ntightened %v\n", stateDirs, pruned, fixed, rootfs.Tightened)
	_, _ = fmt.Fprintf(h, "%s\nchecks %q\n", rootfs.PrivilegeTables(), promises([]string{probe.Plain, probe.Docker, probe.K3s}))
	add := func(kind, name string, content []byte) {
		_, _ = fmt.Fprintf(h, "%s %q %d\n", kind, name, len(content))
		_, _ = h.Write(content)
	}
	add("program", guest.Init, p.init)
	add("program", guest.Agent, p.agent)
	err := fs.WalkDir(p.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(p.files, name)
		add("file", name, content)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
