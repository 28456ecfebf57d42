package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The serial numbers by which the guest tells its disks apart. Names like vda depend on the order of probing.
const (
	RootSerial  = "holm-root"
	StateSerial = "holm-state"
)

// diskBySerial finds the disk with that serial under sysfs' folder of block devices and returns its device node.
func diskBySerial(sysBlock, serial string) (string, error) {
	files, err := filepath.Glob(filepath.Join(sysBlock, "*", "serial"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(content)) == serial {
			return "/dev/" + filepath.Base(filepath.Dir(file)), nil
		}
	}
	return "", fmt.Errorf("no disk with the serial %q among %d disks", serial, len(files))
}
