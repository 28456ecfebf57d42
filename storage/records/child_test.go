package records

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// The test binary is also the other process. childEnv names what it is to do, pathEnv with which file.
const (
	childEnv = "HOLM_RECORDS_CHILD"
	pathEnv  = "HOLM_RECORDS_PATH"
)

func TestMain(m *testing.M) {
	role := os.Getenv(childEnv)
	if role == "" {
		m.Run()
		return
	}
	if err := child(role, os.Getenv(pathEnv)); err != nil {
		panic(err)
	}
}

func child(role, path string) error {
	store := Open(path)
	switch role {
	case "hold": // the file, until stdin ends
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			return err
		}
		say("held")
		_, err = io.Copy(io.Discard, os.Stdin)
		if err != nil {
			return err
		}
		return db.Close()
	case "count": // until killed
		for {
			inst, err := store.Update(context.Background(), testID, func(i *model.Instance) error { i.ChecksPassed++; return nil })
			if err != nil {
				return err
			}
			say(fmt.Sprint(inst.ChecksPassed))
		}
	case "archive": // all but the last entry, again and again, until killed
		for n := 1; ; n++ {
			if _, err := store.Update(context.Background(), testID, func(i *model.Instance) error { i.ChecksPassed = n; return nil }); err != nil {
				return err
			}
			from, _, err := store.AuditEnds(context.Background())
			if err != nil {
				return err
			}
			all, err := store.Audit(context.Background())
			if err != nil {
				return err
			}
			upTo := all[len(all)-2]
			if err := store.DropArchived(context.Background(), from.Mark, Mark{upTo.Seq, upTo.Hash}, "child"); err != nil {
				return err
			}
			say(fmt.Sprint(upTo.Seq))
		}
	case "read":
		_, err := store.List(context.Background(), "")
		say(fmt.Sprint(err))
		return nil
	default: // die at that point of the creation
		store.crash = func(point string) {
			if point == role {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		_, err := store.SetHost(context.Background(), func(h *model.Host) error { h.LabMode = true; return nil })
		return err
	}
}

func say(line string) { _, _ = io.WriteString(os.Stdout, line+"\n") }

// process is a running child.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, role, path string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.Env = append(os.Environ(), childEnv+"="+role, pathEnv+"="+path)
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the child said %q and no more: %v", line, err)
	}
	return line[:len(line)-1]
}

const testID = "0123456789ab"

// newStore returns a store of one instance, acme/web.
func newStore(t *testing.T) *Bolt {
	t.Helper()
	store := Open(t.TempDir() + "/holm.db")
	inst := model.Instance{ID: testID, Tenant: "acme", Name: "web", State: model.Creating}
	op := model.Operation{ID: "1", Kind: "create", Instance: testID, Tenant: "acme", Name: "web", Status: model.Running}
	if _, err := store.Reserve(t.Context(), inst, op, func([]model.Instance, *model.Instance) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return store
}
