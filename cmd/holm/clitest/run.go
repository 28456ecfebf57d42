// Package clitest is a world for the tests of the commands: a host with a few instances that behaves, a noun at a time.
package clitest

import (
	"bytes"
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/images"
	"holm/internal/term"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/hosts"
	"holm/provisioner/instances"
	"holm/provisioner/pools"
	"holm/provisioner/proof"
	"holm/provisioner/tenants"
	"holm/provisioner/uids"
	"holm/storage/keys"
	"holm/storage/ledger"
	"holm/storage/records"
)

// Commands are those of a noun, with a world behind them.
type Commands func(a *cli.App) []*cobra.Command

// App is a run of holm in the world.
func (w *World) App(s *term.Streams, getenv func(string) string) *cli.App {
	return &cli.App{
		Streams: s, Getenv: getenv, Now: func() time.Time { return Now }, Root: true,
		Lists: cli.Lists{Instances: func(ctx context.Context, tenant string) ([]string, error) {
			rows, err := Instances{w}.List(ctx, tenant)
			list := make([]string, len(rows))
			for i, row := range rows {
				list[i] = row.Name
			}
			return list, err
		}},
	}
}

// Run executes one command line in a pipe; prepare, where it is not nil, changes the streams before that.
func (w *World) Run(t *testing.T, commands Commands, prepare func(*term.Streams), args ...string) Outcome {
	t.Helper()
	var out, err bytes.Buffer
	s := term.New(strings.NewReader(""), &out, &err)
	if prepare != nil {
		prepare(s)
	}
	a := w.App(s, func(name string) string { return w.Env[name] })
	return Outcome{a.Run(t.Context(), args, commands(a)...), out.String(), err.String()}
}

// RunProgram is what the world does in the place of another program.
func (w *World) RunProgram(ctx context.Context, name string, args []string, s *term.Streams) error {
	if w.Program != nil {
		return w.Program(ctx, name, args, s)
	}
	w.Programs = append(w.Programs, strings.Join(append([]string{name}, args...), "\n"))
	return w.ProgramOK
}

// RunProgramAs is the same, whoever it is to be.
func (w *World) RunProgramAs(ctx context.Context, _ *syscall.Credential, name string, args []string, s *term.Streams) error {
	return w.RunProgram(ctx, name, args, s)
}

// Records are the real ones of a run: what is tried is what they wrote.
func Records(a *cli.App) *records.Bolt {
	return records.Open(filepath.Join(a.Settings.State, "holm.db"))
}

// Resolver is the host's.
func Resolver() environment.Resolver {
	return environment.Resolver{Servers: []netip.Addr{netip.MustParseAddr("192.0.2.53")}, File: "/etc/resolv.conf"}
}

// Settings are the real ones, over the host of the world.
func (w *World) Settings() hosts.Settings {
	return hosts.Settings{
		Records: Host{w}, Others: func() ([]uids.Claim, error) { return w.Others, nil },
		Enforce: func(ctx context.Context) error {
			_, err := Walls{w}.KeepWalls(ctx)
			return err
		},
	}
}

// Signer is the real one, over the proof of the world and the records of the run.
func (w *World) Signer(a *cli.App) proof.Signer {
	return proof.Signer{Proof: Proof{w}, Log: ledger.At(a.Settings.State, Records(a), a.Now), Version: a.Build().Version}
}

// Remover is the real one, over the images of the world.
func (w *World) Remover() instances.ImageRemover {
	return instances.ImageRemover{Users: Instances{w}, Store: Images{w}}
}

// Maker is the real one, over the pools and drives of the world.
func (w *World) Maker() pools.Maker { return pools.Maker{Pools: Pools{w}, Arrays: Arrays{w}} }

// Renew makes a lock of that day.
func (w *World) Renew(_ context.Context, old images.Lock, epoch time.Time) (images.Lock, error) {
	old.Epoch = epoch.Unix()
	return old, w.FailWith
}

// Mend mends a check of the doctor's.
func (w *World) Mend(_ context.Context, id string) (doctor.Result, error) {
	w.Calls = append(w.Calls, "mend "+id)
	return doctor.Result{ID: id, Status: doctor.OK, Found: "off"}, w.FailWith
}

// KeyRing is the real one, without the host's memory.
type KeyRing struct {
	keys.Keeper
	book keys.Book
}

// Keys has the host's key.
func Keys(a *cli.App) KeyRing {
	keeper := keys.Keeper{
		Path: filepath.Join(a.Settings.State, "keys", "host.key"), Memory: filepath.Join(a.Settings.State, "memory", "key"),
		Credentials: a.Getenv("CREDENTIALS_DIRECTORY"),
	}
	return KeyRing{keeper, tenants.Sealed{Book: Records(a)}}
}

// State says how the key is had.
func (k KeyRing) State(ctx context.Context) (keys.State, error) { return k.Keeper.State(ctx, k.book) }

// Lock locks it.
func (k KeyRing) Lock(ctx context.Context, pass []byte) error {
	return k.Keeper.Lock(ctx, pass, k.book)
}

// Unlock has it at hand.
func (k KeyRing) Unlock(ctx context.Context, pass []byte) error {
	return k.Keeper.Unlock(ctx, pass, k.book)
}

// Release lets it lie in its file.
func (k KeyRing) Release(ctx context.Context, pass []byte) error {
	return k.Keeper.Release(ctx, pass, k.book)
}
