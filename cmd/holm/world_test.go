package main

import (
	"bytes"
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holm/images"
	"holm/internal/term"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/tenants"
	"holm/provisioner/uids"
	"holm/storage/keys"
	"holm/storage/records"
)

// run executes one command line as app would in a pipe; term changes the streams before that.
func (w *world) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return w.runOn(t, func(*term.Streams) {}, args...)
}

func (w *world) runOn(t *testing.T, prepare func(*term.Streams), args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	s := term.New(strings.NewReader(""), &out, &err)
	prepare(s)
	a := w.app(s, func(string) string { return "" })
	code := a.run(t.Context(), args, commands(a)...)
	return outcome{code, out.String(), err.String()}
}

// engine is the world as the verbs see it, a noun at a time.
func (w *world) engine() engine {
	return engine{Instances: w, Tenants: tenantWorld{w}, Pools: poolWorld{w}, Networks: w, Hosts: w, Proof: w, History: historyWorld{w}}
}

func (w *world) app(s *term.Streams, getenv func(string) string) *app {
	return &app{
		streams: s, getenv: getenv, now: func() time.Time { return now }, root: true,
		lists: lists{
			instances: func(ctx context.Context, tenant string) ([]string, error) {
				rows, err := w.List(ctx, tenant)
				list := make([]string, len(rows))
				for i, row := range rows {
					list[i] = row.Name
				}
				return list, err
			},
		},
		makeProvisioner: func(context.Context, settings) (engine, error) { return w.engine(), nil },
		makeImages:      func(settings) (imageStore, error) { return imageWorld{w}, nil },
		otherUsers:      func() ([]uids.Claim, error) { return w.others, nil },
		makeHost:        func(settings) (hostStore, error) { return hostWorld{w}, nil },
		resolver: func() environment.Resolver {
			return environment.Resolver{Servers: []netip.Addr{netip.MustParseAddr("192.0.2.53")}, File: "/etc/resolv.conf"}
		},
		makeKeeper: func(s settings) keyKeeper { // the real one, without the host's memory
			keeper := keys.Keeper{Path: filepath.Join(s.state, "keys", "host.key"), Memory: filepath.Join(s.state, "memory", "key"), Credentials: getenv("CREDENTIALS_DIRECTORY")}
			return keyRing{keeper, tenants.Sealed{Book: records.Open(database(s))}}
		},
		makeAudit: newAudit, // the records themselves: what is tried is what they wrote
		arrays:    arrayWorld{w},
		renewLock: func(_ context.Context, old images.Lock, epoch time.Time) (images.Lock, error) {
			old.Epoch = epoch.Unix()
			return old, w.failWith
		},
		examine: func(context.Context, settings) doctor.Report { return w.report },
		mend: func(_ context.Context, _ settings, id string) (doctor.Result, error) {
			w.calls = append(w.calls, "mend "+id)
			return doctor.Result{ID: id, Status: doctor.OK, Found: "off"}, w.failWith
		},
		program: func(_ context.Context, name string, args []string, _ *term.Streams) error {
			w.programs = append(w.programs, strings.Join(append([]string{name}, args...), "\n"))
			return w.programOK
		},
		programAs: func(_ context.Context, _ *syscall.Credential, name string, args []string, _ *term.Streams) error {
			w.programs = append(w.programs, strings.Join(append([]string{name}, args...), "\n"))
			return w.programOK
		},
	}
}
