package provisioner_test

import (
	"os"
	"path/filepath"
	"testing"

	"holm/internal/fault"
)

func TestAStateThatSomebodyElseCanChangeIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("left out: files of others, which needs root")
	}
	const nobody = 65534
	for name, spoil := range map[string]func(dir string) error{
		"the directory is somebody else's": func(dir string) error { return os.Chown(dir, nobody, nobody) },
		"everybody writes to it":           func(dir string) error { return os.Chmod(dir, 0o777) }, // #nosec G302 -- that is the question
		"its parent is somebody else's":    func(dir string) error { return os.Chown(filepath.Dir(dir), nobody, nobody) },
		"the keys' folder":                 func(dir string) error { return os.Chown(filepath.Join(dir, "keys"), nobody, nobody) },
		"the instances' folder":            func(dir string) error { return os.Chown(filepath.Join(dir, "instances"), nobody, nobody) },
		"the locks' folder":                func(dir string) error { return os.Chmod(filepath.Join(dir, "locks"), 0o777) }, // #nosec G302 -- the same
		"the database":                     func(dir string) error { return os.Chown(filepath.Join(dir, "holm.db"), nobody, nobody) },
		"the host's key":                   func(dir string) error { return os.Chown(filepath.Join(dir, "keys", "host.key"), 1234, 1234) },
		"holm's own ssh key":               func(dir string) error { return os.Chown(filepath.Join(dir, "keys", "ssh_ed25519"), 1234, 1234) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.created("web")
			must(t, spoil(w.dir))
			spec := web()
			spec.Name = "db"
			_, err := w.holm().Instances.Create(t.Context(), spec, nil)
			if fault.KindOf(err) != fault.Unfit || fault.RemedyOf(err) == "" {
				t.Errorf("%v, remedy %q", err, fault.RemedyOf(err))
			}
		})
	}
}
