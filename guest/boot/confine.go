package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// profileDir is where the image keeps its AppArmor profiles, compiled for its kernel: compiling them at each boot would
// take longer than the boot does.
const profileDir = "/usr/lib/holm/apparmor"

// loadProfiles hands every compiled profile of a folder to the kernel, through its file "replace". It happens before
// systemd starts, so that no program runs that should have been confined, and one that the kernel refuses stops the
// boot. An image without the folder has no profiles.
func loadProfiles(dir, replace string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.bin"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, file := range files {
		if err := loadProfile(file, replace); err != nil {
			return fmt.Errorf("load the AppArmor profile %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// loadProfile writes a profile at once, as the kernel wants it.
func loadProfile(file, replace string) error {
	profile, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	kernel, err := os.OpenFile(replace, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = kernel.Write(profile)
	return errors.Join(err, kernel.Close())
}
