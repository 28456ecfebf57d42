package docker

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe/procfs"
)

// dockerSeen is a container's first process as the guest's root sees it.
type dockerSeen struct {
	status    procfs.Status
	uids      []mappedIDs
	pidsMax   string // "max" or a number
	memoryMax string // "max" or a number of bytes
}

// mappedIDs is one row of /proc/PID/uid_map.
type mappedIDs struct{ inside, outside, count uint64 }

// look looks at a process that the daemon says is the container's; its control group has to bear the id.
func look(pid int, id string) (dockerSeen, error) {
	var seen dockerSeen
	group, err := procfs.Read(procfs.Path(pid, "cgroup"))
	if err != nil {
		return seen, err
	}
	path, ok := strings.CutPrefix(strings.TrimSpace(string(group)), "0::")
	if !ok || !strings.Contains(filepath.Base(path), id) {
		return seen, fmt.Errorf("process %d is not the container's: its control group is %s", pid, clean(path))
	}
	uids, err := procfs.Read(procfs.Path(pid, "uid_map"))
	if err != nil {
		return seen, err
	}
	folder := filepath.Join("/sys/fs/cgroup", path)
	pids, pidsErr := procfs.Read(filepath.Join(folder, "pids.max"))
	memory, memoryErr := procfs.Read(filepath.Join(folder, "memory.max"))
	seen.pidsMax, seen.memoryMax = strings.TrimSpace(string(pids)), strings.TrimSpace(string(memory))
	var statusErr, mapErr error
	seen.uids, mapErr = parseIDs(uids)
	seen.status, statusErr = procfs.ReadStatus(procfs.Path(pid, "status"))
	return seen, errors.Join(mapErr, pidsErr, memoryErr, statusErr)
}

// parseIDs reads rows of three numbers.
func parseIDs(content []byte) ([]mappedIDs, error) {
	var rows []mappedIDs
	for line := range bytes.Lines(content) {
		f := strings.Fields(string(line))
		if len(f) != 3 {
			return nil, fmt.Errorf("a row of %d numbers in a map of users", len(f))
		}
		var n [3]uint64
		for i := range n {
			var err error
			if n[i], err = strconv.ParseUint(f[i], 10, 32); err != nil {
				return nil, err
			}
		}
		rows = append(rows, mappedIDs{n[0], n[1], n[2]})
	}
	return rows, nil
}

// outsideID is who an id of the container's is in the guest.
func outsideID(rows []mappedIDs, inside uint64) (uint64, bool) {
	for _, r := range rows {
		if inside >= r.inside && inside-r.inside < r.count {
			return r.outside + inside - r.inside, true
		}
	}
	return 0, false
}

// homes is a folder that lies on the state volume itself; /etc and /var are overlays.
const homes = "/home"

// stateVolume finds the block device of the state volume.
func stateVolume() (dockerAsked, error) {
	var stat unix.Stat_t
	if err := unix.Stat(homes, &stat); err != nil {
		return dockerAsked{}, err
	}
	asked := dockerAsked{Major: unix.Major(stat.Dev), Minor: unix.Minor(stat.Dev)}
	uevent, err := procfs.Read(fmt.Sprintf("/sys/dev/block/%d:%d/uevent", asked.Major, asked.Minor))
	if err != nil {
		return dockerAsked{}, fmt.Errorf("the volume of %s: %w", homes, err)
	}
	for line := range bytes.Lines(uevent) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "DEVNAME="); ok {
			asked.Device = "/dev/" + name
			return asked, nil
		}
	}
	return dockerAsked{}, errors.New("the volume of " + homes + " has no name")
}
