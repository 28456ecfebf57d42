package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"holm/guest/report"
)

// reopenAfter is how long to wait before reading again when the host has hung up: the kernel answers such a read with
// an immediate end of file and offers nothing to wait for that Go's poller understands.
const reopenAfter = 200 * time.Millisecond

// openPort opens the guest's end of the virtio port, which nobody else may open beside.
func (a *Agent) openPort() (*os.File, error) {
	path, err := a.portDevice(report.Channel)
	if err != nil {
		return nil, err
	}
	port, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the virtio port: %w", err)
	}
	return port, nil
}

// serve answers the host for as long as the guest runs.
func (a *Agent) serve(ctx context.Context, port *os.File, state *board) error {
	// Closing ends a read that waits; closing twice is harmless.
	stop := context.AfterFunc(ctx, func() { _ = port.Close() })
	defer func() { stop(); _ = port.Close() }()
	for ctx.Err() == nil {
		if err := a.converse(ctx, patient{ctx, port}, state); err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
			return fmt.Errorf("talk to the host: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(reopenAfter):
		}
	}
	return nil
}

// signal has the ready port open until ctx ends: the hypervisor sees that it is, and that it no longer is once this guest
// boots anew. A machine that an older host has made has no such port.
func (a *Agent) signal(ctx context.Context) {
	path, err := a.portDevice(report.ReadyPort)
	if err != nil {
		return
	}
	port, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	<-ctx.Done()
	_ = port.Close()
}

// patient reads on after an end of file that is over by the time it is looked at again. The kernel puts data into the port
// as it comes, and takes note of who is connected when it has time: the first question of a host can be read before the
// hang-up of the one before it, and an answer that such a hang-up ended would never be given.
type patient struct {
	ctx context.Context
	io.ReadWriter
}

func (p patient) Read(b []byte) (int, error) {
	n, err := p.ReadWriter.Read(b)
	if n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	select {
	case <-p.ctx.Done():
		return 0, io.EOF
	case <-time.After(reopenAfter):
	}
	return p.ReadWriter.Read(b)
}

// portDevice finds the device node of a virtio port by its name, without waiting for udev's links.
func (a *Agent) portDevice(name string) (string, error) {
	files, err := filepath.Glob(a.path("/sys/class/virtio-ports/*/name"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && string(content) == name+"\n" {
			return a.path("/dev/" + filepath.Base(filepath.Dir(file))), nil
		}
	}
	return "", fmt.Errorf("this machine has no virtio port %q", name)
}

// converse reads questions until the host hangs up. Each one ends the answer to the one before, and is answered once
// that has ended: there is never more than one run of the checks.
func (a *Agent) converse(ctx context.Context, port io.ReadWriter, state *board) error {
	ctx, cancel := context.WithCancel(ctx)
	var speaking sync.WaitGroup
	defer speaking.Wait()
	defer cancel()
	silence := func() {}
	defer func() { silence() }()

	lines := bufio.NewScanner(port)
	lines.Buffer(nil, report.MaxQuestion)
	for lines.Scan() {
		var q report.Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || q.Nonce == "" || len(q.Nonce) > 128 {
			continue // a line that was cut when the last host hung up
		}
		silence()
		speaking.Wait()
		speech, hush := context.WithCancel(ctx)
		silence = hush
		v := voice{port: port, nonce: q.Nonce, identity: state.identity}
		speaking.Go(func() { a.answer(speech, v, q, state) })
	}
	return lines.Err()
}
