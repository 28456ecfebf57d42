package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Renew returns the lock with today's versions of everything that is wanted. It installs nothing: apt only plans.
func Renew(ctx context.Context, l Lock, m Mirror, epoch time.Time) (renewed Lock, err error) {
	scratch, err := os.MkdirTemp("", "holm-lock-")
	if err != nil {
		return Lock{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	mirror, err := fetchIndex(ctx, scratch, m, l.Suite)
	if err != nil {
		return Lock{}, err
	}
	l.Wanted, l.Epoch = wanted, epoch.Unix()
	if l.Profile == Hypervisor {
		l.Wanted = hostWanted
	}
	planned, err := plan(ctx, scratch, l.Wanted)
	if err != nil {
		return Lock{}, err
	}
	l.Packages = make(map[string]Pin, len(planned))
	for name, version := range planned {
		sum := mirror[name][version]
		if sum == "" {
			return Lock{}, fmt.Errorf("package %s %s is not in the mirror's lists", name, version)
		}
		l.Packages[name] = Pin{Version: version, SHA256: sum}
	}
	return l, l.check()
}
