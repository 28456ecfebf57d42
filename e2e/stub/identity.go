//go:build linux

package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

// identity is who this guest says that it is: the same at each of its boots, as it follows from the machine's UUID.
func identity() (report.Report, error) {
	uuid := line("/sys/class/dmi/id/product_uuid")
	if uuid == "" {
		return report.Report{}, errors.New("the machine has no UUID")
	}
	r := report.Report{Version: report.Version, BootID: line("/proc/sys/kernel/random/boot_id"), Uptime: 1}
	id := sha256.Sum256([]byte("machine id " + uuid))
	r.MachineID = hex.EncodeToString(id[:16])
	seed := sha256.Sum256([]byte("host key " + uuid))
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey) //nolint:forcetypeassert // what an ed25519 key has
	const kind = "ssh-ed25519"
	wire := binary.BigEndian.AppendUint32(nil, uint32(len(kind)))
	wire = append(wire, kind...)
	wire = binary.BigEndian.AppendUint32(wire, uint32(len(public))) // #nosec G115 -- 32
	r.HostKey = kind + " " + base64.StdEncoding.EncodeToString(append(wire, public...))
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return r, err
	}
	r.Kernel = unix.ByteSliceToString(uts.Release[:])
	return r, nil
}

// The form of an input event of the kernel's (linux/input.h), on 64 bits.
const (
	eventBytes = 24
	keyEvent   = 1
	powerKey   = 116
)

// heedButton powers the machine off when somebody presses its button.
func heedButton() {
	for {
		devices, _ := filepath.Glob("/dev/input/event*")
		for _, path := range devices {
			if f, err := os.Open(path); err == nil {
				go watch(f)
			}
		}
		if len(devices) > 0 {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
}

func watch(device *os.File) {
	defer func() { _ = device.Close() }()
	event := make([]byte, eventBytes)
	for {
		if n, err := device.Read(event); err != nil || n != eventBytes {
			return
		}
		if binary.LittleEndian.Uint16(event[16:]) == keyEvent && binary.LittleEndian.Uint16(event[18:]) == powerKey {
			_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
		}
	}
}
