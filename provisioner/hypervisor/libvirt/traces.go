package libvirt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"libvirt.org/go/libvirt"
)

// Where the system's libvirt keeps what it writes down of each domain: QEMU's command line and its last words in a log, and in a
// folder for each run the key with which secrets on that command line are encrypted.
const (
	systemURI = "qemu:///system"
	logFolder = "/var/log/libvirt/qemu"
	runFolder = "/var/lib/libvirt/qemu"
)

// shortName is how much of a domain's name is in the name of its folder, in bytes. Names that are longer share folders' names with others.
const shortName = 20

// removeTraces removes what libvirt has written down of a domain that is about to be undefined. Libvirt itself leaves the logs, and
// the folder of a run when it was killed. What was found by its name belongs to the domain that has the name now, which is ours.
func removeTraces(c *libvirt.Connect, dom *libvirt.Domain) error {
	uri, err := c.GetURI()
	if err != nil || uri != systemURI {
		return err
	}
	name, err := dom.GetName()
	if err != nil {
		return err
	}
	active, err := dom.IsActive()
	if err != nil || active {
		return err
	}
	return removeTracesIn(logFolder, runFolder, name)
}

func removeTracesIn(logs, runs, name string) error {
	// Rotated by virtlogd (.0) or by logrotate (.1.gz, -20261130).
	log := regexp.MustCompile(`^` + regexp.QuoteMeta(name) + `\.log([.-][0-9]+(\.(gz|xz|bz2|zst))?)?$`)
	err := removeMatching(logs, log, os.Remove)
	if len(name) > shortName {
		return err
	}
	run := regexp.MustCompile(`^domain-[0-9]+-` + regexp.QuoteMeta(name) + `$`)
	return errors.Join(err, removeMatching(runs, run, os.RemoveAll))
}

func removeMatching(dir string, form *regexp.Regexp, remove func(string) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		if !form.MatchString(e.Name()) {
			continue
		}
		if err := remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
