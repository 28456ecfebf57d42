//go:build linux

// Command stub is all there is in the guest of a test that starts many: the first and only program of its initrd. It answers the
// host as a guest does that is ready at once, and powers off when it is asked to. It tries no promise, and is no part of any image
// that holm builds.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

func main() {
	err := run()
	_, _ = fmt.Fprintln(os.Stderr, "stub:", err)
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) // whoever waits for it is told of its end
	select {}
}

func run() error {
	for target, kind := range map[string]string{"/dev": "devtmpfs", "/proc": "proc", "/sys": "sysfs"} {
		if err := unix.Mount(kind, target, kind, 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", target, err)
		}
	}
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return err
	}
	for _, path := range modules {
		if err := load(path); err != nil {
			return fmt.Errorf("load %s: %w", path, err)
		}
	}
	self, err := identity()
	if err != nil {
		return err
	}
	go heedButton()
	port, err := open(report.Channel)
	if err != nil {
		return err
	}
	ready, err := open(report.ReadyPort)
	if err != nil {
		return err
	}
	defer func() { _ = ready.Close() }()
	_, _ = fmt.Fprintln(os.Stderr, "stub: ready")
	return serve(port, self)
}

func load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return unix.FinitModule(int(f.Fd()), "", 0)
}

// open opens a virtio port by its name, once the kernel has it.
func open(name string) (*os.File, error) {
	for range 200 {
		files, err := filepath.Glob("/sys/class/virtio-ports/*/name")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if line(file) == name {
				return os.OpenFile(filepath.Join("/dev", filepath.Base(filepath.Dir(file))), os.O_RDWR, 0)
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("there is no port %s", name)
}

// serve answers each question at once. A host that hangs up is waited for.
func serve(port io.ReadWriter, self report.Report) error {
	for {
		lines := bufio.NewScanner(port)
		lines.Buffer(nil, report.MaxQuestion)
		for lines.Scan() {
			var q report.Question
			if json.Unmarshal(lines.Bytes(), &q) != nil {
				continue
			}
			answer := self
			answer.Nonce, answer.Clock, answer.Stage = q.Nonce, time.Now().UTC(), report.StageChecked
			switch q.Ask {
			case report.AskStatus:
				answer.Stage = report.StageReady
			case report.AskGrow:
				answer.Grown = &report.Grown{Before: q.Bytes, After: q.Bytes}
			}
			if err := json.NewEncoder(port).Encode(answer); err != nil {
				break
			}
		}
		<-time.After(100 * time.Millisecond)
	}
}

func line(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
