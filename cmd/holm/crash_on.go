//go:build crashpoints

package main

import (
	"os"
	"syscall"
)

// crashPoint kills the process, as a power cut would, at the point that HOLM_CRASH_AT names.
func crashPoint() func(string) {
	at := os.Getenv("HOLM_CRASH_AT")
	if at == "" {
		return nil
	}
	return func(point string) {
		if point == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
}
