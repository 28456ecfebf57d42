package main

import (
	"context"
	"os"
	"time"

	"holm/internal/term"
	"holm/provisioner/uids"
	"holm/storage/arrays"
)

// Main runs one command line, without the program's name, and returns the exit code.
func Main(ctx context.Context, args []string, streams *term.Streams) int {
	a := newApp(streams, os.Getenv)
	return a.run(ctx, args, commands(a)...)
}

func newApp(streams *term.Streams, getenv func(string) string) *app {
	return &app{
		streams: streams, getenv: getenv, now: time.Now, root: os.Geteuid() == 0,
		makeProvisioner: newProvisioner, makeImages: newImages, renewLock: renewLock, makeHost: newHost, otherUsers: uids.System{}.Others,
		makeAudit: newAudit, makeKeeper: newKeyRing, resolver: hostResolver, arrays: arrays.Builder{}, examine: examineHost, mend: mendHost,
		program: runProgram, programAs: runProgramAs,
	}
}
