package saga_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"holm/internal/atomicfile"
	"holm/provisioner/model"
	"holm/provisioner/saga"
	"holm/storage/records"
)

// The test binary is also the process that dies: at crashEnv's point, in the world at worldEnv, which is a directory
// with one file for each step that was done, and a database as journal.
const (
	worldEnv = "HOLM_SAGA_WORLD"
	crashEnv = "HOLM_SAGA_CRASH"
)

func TestMain(m *testing.M) {
	world := os.Getenv(worldEnv)
	if world == "" {
		m.Run()
		return
	}
	runner := saga.Runner{Journal: records.Open(filepath.Join(world, "holm.db")), Crash: dieAt(os.Getenv(crashEnv))}
	if _, err := runner.Run(context.Background(), create(), worldStages(world)); !errors.Is(err, errBoom) {
		panic(err)
	}
}

func dieAt(point string) func(string) {
	return func(reached string) {
		if reached == point {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// worldStages makes a file for each step, two of them at the same time, and fails in the end.
func worldStages(world string) []saga.Stage {
	file := func(name string) saga.Step {
		path := filepath.Join(world, "made-"+name)
		return saga.Step{
			Name: name,
			Do:   func(context.Context) error { return atomicfile.WriteBytes(path, 0o600, nil) },
			Undo: func(context.Context) error {
				if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				return nil
			},
		}
	}
	return []saga.Stage{{file("network")}, {file("volume"), file("seed")}, {failing(file("start"), errBoom)}}
}

func made(t *testing.T, world string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(world, "made-*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimPrefix(filepath.Base(path), "made-")
	}
	return paths
}

// Where a process dies must not matter to people who ask what it did: nothing was made that the journal does not name.
func TestTheJournalKnowsWhatAProcessDidThatDiesAtAnyPoint(t *testing.T) {
	var points []string
	for _, step := range []string{"network", "volume", "seed", "start"} {
		for _, point := range []string{".before", ".after", ".undo.before", ".undo.after"} {
			points = append(points, "create."+step+point)
		}
	}
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			world := t.TempDir()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), worldEnv+"="+world, crashEnv+"="+point)
			if out, err := cmd.CombinedOutput(); err == nil || err.Error() != "signal: killed" {
				t.Fatalf("it was to die at %s: %v\n%s", point, err, out)
			}

			journal := records.Open(filepath.Join(world, "holm.db"))
			ops, err := journal.Operations(t.Context(), "")
			if err != nil || len(ops) != 1 {
				t.Fatalf("operations: %v, %v, want one", ops, err)
			}
			if s := ops[0].Status; s != model.Running && s != model.Undoing {
				t.Errorf("the journal says %s", s)
			}
			for _, name := range made(t, world) {
				if !slices.Contains(ops[0].Steps, name) {
					t.Errorf("%s was made, and the journal knows only %v", name, ops[0].Steps)
				}
			}
			if err := journal.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryPointIsPassedOnceAndInOrder(t *testing.T) {
	n := &notebook{}
	r := saga.Runner{Journal: n, Crash: func(point string) { n.note("%s", point) }}
	_, err := r.Run(t.Context(), create(), []saga.Stage{{n.step("network")}, {failing(n.step("start"), errBoom)}})
	if err == nil {
		t.Fatal("no error")
	}
	n.want(t,
		"journal running [network]", "create.network.before", "do network", "create.network.after",
		"journal running [network start]", "create.start.before", "do start", "create.start.after",
		"journal undoing [network start]", "create.start.undo.before", "undo start", "create.start.undo.after",
		"create.network.undo.before", "undo network", "create.network.undo.after", "journal undone [network start]",
	)
}
