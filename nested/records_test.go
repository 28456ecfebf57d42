//go:build nested

package nested

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// writer is a run of "records write" in the box, or in an instance in the box. What it says is kept out here, where no drive
// that is pulled can take it back.
type writer struct {
	what  string
	cmd   *exec.Cmd
	stdin io.Closer
	diag  strings.Builder
	safe  atomic.Uint64 // the last record that is said to be on the drives
	ended chan struct{}
	err   error // once ended
}

func writes(t *testing.T, what, script string) *writer {
	t.Helper()
	w := &writer{what: what, ended: make(chan struct{})}
	w.cmd = host.command(t.Context(), script)
	stdin, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.stdin, w.cmd.Stderr = stdin, &w.diag
	stdout, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if n, err := strconv.ParseUint(lines.Text(), 10, 64); err == nil {
				w.safe.Store(n)
			}
		}
		w.err = w.cmd.Wait()
		close(w.ended)
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-w.ended
	})
	return w
}

// more waits until so many more records are safe.
func (w *writer) more(t *testing.T, n uint64) {
	t.Helper()
	goal := w.safe.Load() + n
	await(t, w.what+" writes "+strconv.FormatUint(n, 10)+" more records", func() bool {
		select {
		case <-w.ended:
			t.Fatalf("%s ended after record %d: %v\n%s", w.what, w.safe.Load(), w.err, w.diag.String())
		default:
		}
		return w.safe.Load() >= goal
	})
}

// stop ends the writing, which has to have gone well, and returns the number of the last record that is safe.
func (w *writer) stop(t *testing.T) uint64 {
	t.Helper()
	_ = w.stdin.Close()
	<-w.ended
	if w.err != nil {
		t.Fatalf("%s ended after record %d: %v\n%s", w.what, w.safe.Load(), w.err, w.diag.String())
	}
	return w.safe.Load()
}

// inBox is a file of records on the pool's own file system, inWebs one in the home of an instance.
const (
	inBox  = mount + "/records"
	inWebs = "/home/ops/records"
)

func writesInBox(t *testing.T) *writer {
	t.Helper()
	sh(t, "rm -f "+inBox)
	t.Cleanup(func() { _ = host.do(context.Background(), "rm -f "+inBox) })
	return writes(t, "the box", tests+"/records write "+inBox)
}

func writesInWeb(t *testing.T) *writer {
	t.Helper()
	sh(t, "holm cp "+tests+"/records "+web+":/home/ops/record")
	inWeb(t, "rm -f "+inWebs)
	return writes(t, web, "holm exec "+web+" -- /home/ops/record write "+inWebs)
}

// checked reads all records up to last from the drives.
func checked(t *testing.T, box, web uint64) {
	t.Helper()
	t.Log("in the box: " + sh(t, tests+"/records check "+inBox+" "+strconv.FormatUint(box, 10)))
	t.Log("in the instance: " + inWeb(t, "/home/ops/record check "+inWebs+" "+strconv.FormatUint(web, 10)))
}
