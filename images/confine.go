package images

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"holm/internal/fault"
	"holm/internal/run"
)

const (
	profileSources = "etc/apparmor.d"        // of the payload: what is compiled
	profileDir     = "usr/lib/holm/apparmor" // where holm-init finds the compiled profiles
)

// compiler compiles one AppArmor profile of a root file system. All but dir are paths inside it.
type compiler func(ctx context.Context, dir, features, source, out string) error

// ownParser compiles with the apparmor_parser that is in the root file system, so that the bytes do not depend on who
// builds. It asks the builder's kernel nothing: what the image's kernel can do is said in the features file.
func ownParser(ctx context.Context, dir, features, source, out string) error {
	_, err := run.Command(ctx, "chroot", dir, "/usr/sbin/apparmor_parser", "--skip-kernel-load", "--skip-cache", "--jobs=1",
		"--kernel-features=/"+features, "--ofile=/"+out, "/"+source)
	return err
}

// confine compiles the payload's AppArmor profiles for the image's kernel. A profile that was compiled for another
// kernel would be refused by it or, worse, not mean the same. The features file of a series of kernels is what
// "aa-features-abi -x" prints in an instance of it.
func confine(ctx context.Context, compile compiler, dir string, guest payload, kernel string) error {
	entries, err := fs.ReadDir(guest.files, profileSources)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	features := path.Join(profileDir, "features-"+kernelSeries(kernel))
	if _, err := fs.Stat(guest.files, features); err != nil {
		return fault.New(fault.Failure, "add guest/rootfs/"+features+", made in an instance of that kernel by: sudo aa-features-abi -x",
			"holm does not know what AppArmor can do in the kernel %s", kernel)
	}
	for _, e := range entries {
		source, out := path.Join(profileSources, e.Name()), path.Join(profileDir, e.Name()+".bin")
		if err := compile(ctx, dir, features, source, out); err != nil {
			return fmt.Errorf("compile the AppArmor profile %s: %w", filepath.Base(source), err)
		}
	}
	return nil
}

// kernelSeries is the part of a kernel's version that decides its interfaces: "6.12" of "6.12.117+deb13-cloud-amd64".
func kernelSeries(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 3 {
		return version
	}
	return parts[0] + "." + parts[1]
}
