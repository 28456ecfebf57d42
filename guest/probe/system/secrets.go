package system

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

const secretsName = "system-secrets"

func secrets() probe.Check {
	return probe.Check{
		ID:      "kernel-secrets",
		Source:  "KSPP",
		Promise: "A user without privileges learns nothing of the kernel's memory and gives it no programs to run.",
		Try: func(ctx context.Context, env *probe.Env) probe.Result {
			const tried = "as nobody: kcore, the kernel's log, its addresses, bpf, perf, userfaultfd"
			var answer systemAnswer
			if err := systemAttempt(ctx, env.Self, as(nobody, nobody), &answer, secretsName); err != nil {
				return probe.Inconclusive(tried, "%v", err)
			}
			return answer.judge(tried, unix.EPERM, unix.EACCES, unix.ENOSYS)
		},
	}
}

// attemptSecrets tries as whoever it runs as.
func attemptSecrets(_ context.Context, _ []string, out io.Writer) error {
	symbols, err := readSome("/proc/kallsyms", 256<<10)
	return json.NewEncoder(out).Encode(systemAnswer{
		Controls: []systemTry{
			systemTried("read /proc/version", justRead("/proc/version")),
			systemTried("read /proc/kallsyms", err),
		},
		Tries: []systemTry{
			systemTried("/proc/kcore", justRead("/proc/kcore")),
			systemTried("/dev/kmsg", justOpen("/dev/kmsg")),
			systemTried("syslog", readLog()),
			systemTried("addresses", showsAddresses(symbols)),
			systemTried("bpf", makeMap()),
			systemTried("perf", countSomething()),
			systemTried("userfaultfd", handleFaults()),
		},
	})
}

func readSome(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, limit))
}

func justRead(path string) error {
	_, err := readSome(path, 16)
	return err
}

func justOpen(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func readLog() error {
	const all = 3 // SYSLOG_ACTION_READ_ALL
	_, err := unix.Klogctl(all, make([]byte, 256))
	return err
}

// showsAddresses returns EACCES when a list of symbols, "ffffffff81000000 T _text", gives no address away: the kernel
// shows zeros instead of refusing. Symbols of other kinds are zero in any case.
func showsAddresses(symbols []byte) error {
	code := 0
	for line := range bytes.Lines(symbols) {
		fields := bytes.Fields(line)
		if len(fields) < 3 || len(fields[1]) != 1 || !bytes.ContainsAny(fields[1], "tT") {
			continue
		}
		code++
		if len(bytes.Trim(fields[0], "0")) > 0 {
			return nil
		}
	}
	if code == 0 {
		return unix.ENOMSG
	}
	return unix.EACCES
}

// makeMap asks for a map of one number for programs in the kernel, as every use of bpf(2) begins.
func makeMap() error {
	request := struct{ kind, keySize, valueSize, entries uint32 }{unix.BPF_MAP_TYPE_ARRAY, 4, 4, 1}
	//nolint:gosec // bpf takes the address of its request, and x/sys/unix has no call for it
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_MAP_CREATE, uintptr(unsafe.Pointer(&request)), unsafe.Sizeof(request))
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}

// countSomething asks for the mildest use of perf: to measure this process's own time, outside the kernel.
func countSomething() error {
	attr := unix.PerfEventAttr{
		Type:   unix.PERF_TYPE_SOFTWARE,
		Config: unix.PERF_COUNT_SW_CPU_CLOCK,
		Bits:   unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv | unix.PerfBitDisabled,
	}
	attr.Size = uint32(unsafe.Sizeof(attr))
	fd, err := unix.PerfEventOpen(&attr, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// handleFaults asks to handle page faults of the kernel itself, with which it can be held up where it is weakest.
func handleFaults() error {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}
