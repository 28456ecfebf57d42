package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"holm/guest/environment"
	"holm/guest/report"
)

// hashedName is a link by which OpenSSL finds a CA: the hash of its subject, and a number.
var hashedName = regexp.MustCompile(`^[0-9a-f]{8}\.[0-9]{1,3}$`)

// ownCertificate is the name of a CA's file that the host told.
const ownCertificate = "holm-*.pem"

// writeCertificates puts CAs into the bundle and into OpenSSL's folder, and takes out those that are not told any more. It
// does by itself what update-ca-certificates does for all of Debian's, which takes seconds on an emulated machine.
func (a *Agent) writeCertificates(_ Instance, e report.Environment, s *stirred) error {
	all, err := environment.Certificates(e)
	if err != nil {
		return err
	}
	bundle, err := a.content(certsBundle)
	if err != nil {
		return err
	}
	changed, err := a.lay(certsBundle, environment.Bundle(bundle, all), 0o644, 0)
	if err != nil {
		return err
	}
	s.docker, s.k3s = s.docker || changed, s.k3s || changed
	there, err := filepath.Glob(a.path(certFolder + "/" + ownCertificate))
	if err != nil || len(all)+len(there) == 0 {
		return err
	}
	return errors.Join(a.clearCertificates(all), a.linkCertificates(all))
}

// clearCertificates removes the files of CAs that are not told any more, and all links to files of holm's.
func (a *Agent) clearCertificates(all []environment.Certificate) error {
	wanted := map[string]bool{}
	for _, c := range all {
		wanted[c.Name] = true
	}
	entries, err := os.ReadDir(a.path(certFolder))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		file := a.path(certFolder + "/" + entry.Name())
		own := isOwn(entry.Name()) && !wanted[entry.Name()]
		if hashedName.MatchString(entry.Name()) {
			target, err := os.Readlink(file)
			own = err == nil && isOwn(target)
		}
		if !own {
			continue
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

func isOwn(name string) bool {
	return strings.HasPrefix(name, "holm-") && strings.HasSuffix(name, ".pem") && name == filepath.Base(name)
}

// linkCertificates writes each CA's file, and links it under the first number of its hash that is free.
func (a *Agent) linkCertificates(all []environment.Certificate) error {
	for _, c := range all {
		if _, err := a.lay(certFolder+"/"+c.Name, c.PEM, 0o644, 0); err != nil {
			return err
		}
		for n := 0; ; n++ {
			err := os.Symlink(c.Name, a.path(fmt.Sprintf("%s/%08x.%d", certFolder, c.Hash, n)))
			if err == nil {
				break
			}
			if !errors.Is(err, os.ErrExist) || n > environment.MaxCertificates+100 {
				return err
			}
		}
	}
	return nil
}
