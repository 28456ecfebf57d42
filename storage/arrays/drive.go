package arrays

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"

	"holm/internal/fault"
)

// drive finds the whole drive at a path, and that nothing is on it.
func (b Builder) drive(ctx context.Context, path string) (Drive, error) {
	if !strings.HasPrefix(path, "/dev/") || filepath.Clean(path) != path || strings.ContainsFunc(path, unprintable) {
		return Drive{}, fault.New(fault.Usage, "see what there is: lsblk --nodeps", "%.60q is not the path of a drive", path)
	}
	real, err := filepath.EvalSymlinks(b.path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return Drive{}, fault.New(fault.DriveNotFound, "see what there is: lsblk --nodeps", "there is no drive %s", fault.Path(path))
	}
	if err != nil {
		return Drive{}, err
	}
	d := Drive{Name: filepath.Base(real), Path: path}
	dir := b.path("/sys/class/block/" + d.Name)
	if filepath.Dir(real) != b.path("/dev") || !exists(dir) {
		return Drive{}, fault.New(fault.Usage, "see what there is: lsblk --nodeps", "%s is not a drive", path)
	}
	if why := b.used(dir, d.Name); why != "" {
		return Drive{}, fault.New(fault.DriveInUse, "see: lsblk "+path+"      and choose drives that hold nothing",
			"%s is in use: %s", fault.Path(path), why)
	}
	if d.SizeBytes, err = sizeOf(dir); err != nil {
		return Drive{}, err
	}
	d.Model, d.Serial = text(dir+"/device/model"), text(dir+"/device/serial")
	return d, b.empty(ctx, d)
}

// used says what a drive is a part of, or has parts of; "" is nothing.
func (b Builder) used(dir, name string) string {
	if exists(dir + "/partition") {
		return "it is a partition, and not a whole drive"
	}
	for _, kind := range []string{"md", "dm"} {
		if exists(dir + "/" + kind) {
			return "it is made of drives itself"
		}
	}
	if holders, err := os.ReadDir(dir + "/holders"); err == nil && len(holders) > 0 {
		return "it is a part of " + holders[0].Name()
	}
	if parts, err := filepath.Glob(dir + "/*/partition"); err == nil && len(parts) > 0 {
		return "it has the partition " + filepath.Base(filepath.Dir(parts[0]))
	}
	if where := b.mountedAt(text(dir + "/dev")); where != "" {
		return "it is mounted at " + where
	}
	swaps, _ := os.ReadFile(b.path("/proc/swaps"))
	for line := range strings.Lines(string(swaps)) {
		if strings.HasPrefix(line, "/dev/"+name+" ") || strings.HasPrefix(line, "/dev/"+name+"\t") {
			return "the host swaps to it"
		}
	}
	return ""
}

// mountedAt finds where the device of a number "259:1" is mounted.
func (b Builder) mountedAt(number string) string {
	f, err := os.Open(b.path("/proc/self/mountinfo"))
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	all, err := mountinfo.GetMountsFromReader(f, func(m *mountinfo.Info) (skip, stop bool) {
		return strconv.Itoa(m.Major)+":"+strconv.Itoa(m.Minor) != number, false
	})
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].Mountpoint
}

// empty asks wipefs for signatures, and reads the start of the drive for what no program knows.
func (b Builder) empty(ctx context.Context, d Drive) error {
	out, err := b.run(ctx, "wipefs", "--json", "--no-act", "/dev/"+d.Name)
	if err != nil {
		return fault.New(fault.Unfit, "see: wipefs --no-act "+d.Path, "cannot tell whether %s holds anything: %w", d.Path, err)
	}
	var found struct {
		Signatures []struct{ Type, Label string }
	}
	if len(strings.TrimSpace(string(out))) > 0 {
		if err := json.Unmarshal(out, &found); err != nil {
			return fault.New(fault.Unfit, "see: wipefs --no-act "+d.Path, "cannot tell whether %s holds anything: %w", d.Path, err)
		}
	}
	holds := ""
	if len(found.Signatures) > 0 {
		holds = "a signature of " + strconv.QuoteToASCII(fmt.Sprintf("%.40s", found.Signatures[0].Type))
	} else if zero, err := b.zeroHead(d.Name); err != nil {
		return err
	} else if !zero {
		holds = "something that is not known"
	}
	if holds == "" {
		return nil
	}
	return fault.New(fault.DriveInUse, "if nothing on it is needed: wipefs --all "+d.Path+" && blkdiscard --force "+d.Path,
		"%s holds %s", fault.Path(d.Path), holds)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// text is a short file of sysfs, fit for a line.
func text(path string) string {
	content, _ := os.ReadFile(path)
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unprintable(r) {
			return ' '
		}
		return r
	}, string(content[:min(len(content), 128)]))), " ")
}

func sizeOf(dir string) (uint64, error) {
	const sector = 512
	n, err := strconv.ParseUint(text(dir+"/size"), 10, 54)
	if err != nil || n == 0 {
		return 0, fault.New(fault.Unfit, "see: lsblk", "the kernel does not say how large %s is", filepath.Base(dir))
	}
	return n * sector, nil
}
