package boot

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BlockSize is the size of dm-verity's data and hash blocks, in bytes.
const BlockSize = 4096

const verityName = "holm-root"

// verityParams renders dm-verity's table line: data and hashes lie on the same disk, the hashes behind the data. A block
// that does not match its hash stops the kernel, so that no program ever runs on after reading altered bytes.
// Format: Documentation/admin-guide/device-mapper/verity.rst.
func verityParams(disk string, a Args) string {
	return fmt.Sprintf("1 %s %s %d %d %d %d sha256 %s %s 1 panic_on_corruption",
		disk, disk, BlockSize, BlockSize, a.DataBlocks, a.DataBlocks, a.RootHash, a.Salt)
}

// mountRoot maps the disk through dm-verity and mounts the result, read-only like everything below it.
func mountRoot(disk string, a Args) error {
	device, err := openVerity(disk, a)
	if err != nil {
		return fmt.Errorf("map %s through dm-verity: %w", disk, err)
	}
	if err := os.MkdirAll(newRoot, 0o755); err != nil {
		return err
	}
	// Without nodev, which a rootless container could not take over when it mounts a program of the root's read-only
	// ("docker run --init"). What device nodes the image has lie in its /dev, which is mounted over.
	return mount(device, newRoot, "erofs", unix.MS_RDONLY, "")
}

// dmRequest is a device-mapper ioctl: the header, then room for one target with its parameters.
type dmRequest struct {
	unix.DmIoctl
	target unix.DmTargetSpec
	params [1024]byte
}

func openVerity(disk string, a Args) (string, error) {
	control, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = control.Close() }()

	var created dmRequest
	if err := dmCall(control, unix.DM_DEV_CREATE, &created); err != nil {
		return "", fmt.Errorf("create the device: %w", err)
	}
	load := dmRequest{}
	load.Target_count = 1
	load.Flags = unix.DM_READONLY_FLAG
	load.target.Length = a.DataBlocks * BlockSize / 512
	copy(load.target.Target_type[:], "verity")
	params := verityParams(disk, a)
	if len(params) >= len(load.params) {
		return "", errors.New("the table is too long")
	}
	copy(load.params[:], params)
	if err := dmCall(control, unix.DM_TABLE_LOAD, &load); err != nil {
		return "", fmt.Errorf("load the table %q: %w", params, err)
	}
	var resume dmRequest // DM_DEV_SUSPEND without the suspend flag resumes
	if err := dmCall(control, unix.DM_DEV_SUSPEND, &resume); err != nil {
		return "", fmt.Errorf("activate the device: %w", err)
	}
	return fmt.Sprintf("/dev/dm-%d", unix.Minor(created.Dev)), nil
}

func dmCall(control *os.File, command uintptr, r *dmRequest) error {
	r.Version = [3]uint32{4, 0, 0}
	r.Data_size = uint32(unsafe.Sizeof(*r))
	r.Data_start = uint32(unsafe.Offsetof(r.target))
	copy(r.Name[:], verityName)
	//nolint:gosec // an ioctl takes the address of its request, and x/sys/unix has no call for device-mapper's
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, control.Fd(), command, uintptr(unsafe.Pointer(r)))
	if errno != 0 {
		return errno
	}
	return nil
}
