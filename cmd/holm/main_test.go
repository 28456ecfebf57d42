package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/storage/records"
)

// TestMain lets the scripts run "holm", which is the whole command tree over a world of fakes; "ssh" and "scp" only
// print their arguments.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"holm": func() {
		w := newWorld()
		a := w.App(term.System(os.Getenv), os.Getenv)
		w.Program = func(_ context.Context, name string, args []string, s *term.Streams) error {
			if _, err := s.Out.Write([]byte(name + "\n" + strings.Join(args, "\n") + "\n")); err != nil {
				return err
			}
			if code, err := strconv.Atoi(os.Getenv("PROGRAM_EXIT")); err == nil {
				return cli.ExitStatus(code)
			}
			return nil
		}
		os.Exit(a.Run(context.Background(), os.Args[1:], w.commands(a)...))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *clitest.Update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOLM_STATE", filepath.Join(env.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "changes": changes},
	})
}

// exits CODE PROGRAM ARGS... wants that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s ended with %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// changes NAME... are changes of the records in HOLM_STATE: a tenant of each name.
func changes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: changes NAME...")
	}
	store := records.Open(filepath.Join(ts.Getenv("HOLM_STATE"), "holm.db"))
	for _, name := range args {
		if err := store.AddTenant(context.Background(), model.Tenant{Name: name}, func([]model.Tenant) error { return nil }); err != nil {
			ts.Fatalf("%v", err)
		}
	}
}
