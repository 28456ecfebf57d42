package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/probe"
	"holm/guest/report"
)

// talk is the host's end of a conversation.
type talk struct {
	host  net.Conn
	lines *bufio.Scanner
	ended chan error // what converse returned
}

func conversation(t *testing.T, a *Agent, b *board) *talk {
	t.Helper()
	host, guest := net.Pipe()
	c := &talk{host: host, lines: bufio.NewScanner(host), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		err := a.converse(ctx, guest, b)
		_ = guest.Close() // as the end of the agent closes its port
		c.ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		_ = host.Close()
	})
	return c
}

func (c *talk) ask(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c.host, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// hear returns the next report's nonce and stage.
func (c *talk) hear(t *testing.T) string {
	t.Helper()
	r := c.report(t)
	return r.Nonce + " " + r.Stage
}

func (c *talk) report(t *testing.T) report.Report {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the guest hung up: %v", c.lines.Err())
	}
	var r report.Report
	if err := json.Unmarshal(c.lines.Bytes(), &r); err != nil {
		t.Fatalf("%v in %q", err, c.lines.Text())
	}
	if r.Version != report.Version {
		t.Errorf("version is %d", r.Version)
	}
	return r
}

func (c *talk) wantHeard(t *testing.T, want ...string) {
	t.Helper()
	for _, line := range want {
		if diff := cmp.Diff(line, c.hear(t)); diff != "" {
			t.Fatalf("nonce and stage (-want +got):\n%s", diff)
		}
	}
}

func TestAQuestionIsAnsweredAtOnceAndAtEachChange(t *testing.T) {
	b := testBoard()
	c := conversation(t, &Agent{}, b)
	c.ask(t, `{"version":2,"nonce":"n1"}`)
	c.wantHeard(t, "n1 boot")
	b.set(report.StageCloudInit, "")
	c.wantHeard(t, "n1 cloud-init")
	b.set(report.StageDocker, "")
	c.wantHeard(t, "n1 docker")
	b.set(report.StageReady, "")
	c.wantHeard(t, "n1 ready")
}

func TestOnlyTheLastQuestionIsAnswered(t *testing.T) {
	b := testBoard()
	c := conversation(t, &Agent{}, b)
	c.ask(t, `{"version":2,"nonce":"first"}`)
	c.wantHeard(t, "first boot")
	c.ask(t, `{"version":2,"nonce":"second"}`)
	c.wantHeard(t, "second boot")
	b.set(report.StageReady, "")
	c.wantHeard(t, "second ready")
	b.set(report.StageFailed, "")
	c.wantHeard(t, "second failed")
}

func TestWhatIsNoQuestionIsPassedOver(t *testing.T) {
	for name, line := range map[string]string{
		"an empty line":             "",
		"rubbish":                   "\x00\xff AT+CGMI",
		"the end of a question":     `"nonce":"old"}`,
		"no object":                 `["nonce"]`,
		"no nonce":                  `{"version":2}`,
		"an empty nonce":            `{"version":2,"nonce":""}`,
		"a nonce that is no text":   `{"version":2,"nonce":7}`,
		"a nonce of 129 characters": `{"version":2,"nonce":"` + strings.Repeat("x", 129) + `"}`,
		"a version that is no text": `{"version":"1","nonce":"x"}`,
		"a line of 60 KiB":          strings.Repeat("x", 60<<10),
		"many nested lists":         strings.Repeat("[", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			c := conversation(t, &Agent{}, testBoard())
			c.ask(t, line)
			c.ask(t, `{"version":2,"nonce":"good","of":"a newer host"}`)
			c.wantHeard(t, "good boot")
		})
	}
}

func TestTheConversationEnds(t *testing.T) {
	t.Run("when the host hangs up", func(t *testing.T) {
		c := conversation(t, &Agent{}, testBoard())
		c.ask(t, `{"version":2,"nonce":"n"}`)
		c.wantHeard(t, "n boot")
		if err := c.host.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-c.ended; err != nil {
			t.Errorf("error is %v, want none: a host may hang up", err)
		}
	})
	t.Run("when the host hangs up without a word", func(t *testing.T) {
		c := conversation(t, &Agent{}, testBoard())
		if err := c.host.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-c.ended; err != nil {
			t.Errorf("error is %v, want none", err)
		}
	})
	t.Run("at a line that is too long", func(t *testing.T) {
		c := conversation(t, &Agent{}, testBoard())
		// The guest stops reading in the middle of it, so the writing fails or not.
		_, _ = c.host.Write(bytes.Repeat([]byte("x"), report.MaxQuestion+2))
		if err := <-c.ended; !errors.Is(err, bufio.ErrTooLong) {
			t.Errorf("error is %v, want %v", err, bufio.ErrTooLong)
		}
	})
}

// late is a port that tells of the hang-up of an earlier host once it has passed on the first question of this one.
type late struct {
	net.Conn
	reads int
}

func (l *late) Read(b []byte) (int, error) {
	if l.reads++; l.reads == 2 {
		return 0, io.EOF
	}
	return l.Conn.Read(b)
}

func TestAHangUpThatIsHeardOfTooLateEndsNoAnswer(t *testing.T) {
	host, guest := net.Pipe()
	t.Cleanup(func() { _ = host.Close() })
	release := make(chan struct{})
	a, b := promising(check("slow", func(ctx context.Context, _ *probe.Env) probe.Result {
		select {
		case <-release:
			return probe.Result{Outcome: report.Passed}
		case <-ctx.Done():
			return probe.Result{Outcome: report.Inconclusive}
		}
	}))
	ended := make(chan error, 1)
	go func() {
		err := a.converse(t.Context(), patient{t.Context(), &late{Conn: guest}}, b)
		_ = guest.Close() // as the end of the agent closes its port
		ended <- err
	}()
	c := &talk{host: host, lines: bufio.NewScanner(host)}
	c.ask(t, askChecks)
	c.wantHeard(t, "n checking")
	c.ask(t, `{"version":2,"nonce":""}`) // is read, and no question: the hang-up is over
	close(release)
	if r := c.report(t); r.Stage != report.StageChecked || len(r.Checks) != 1 || r.Checks[0].Outcome != report.Passed {
		t.Errorf("answer is %+v", r)
	}
	_ = host.Close()
	if err := <-ended; err != nil {
		t.Errorf("error is %v", err)
	}
}

// port makes a root with virtio ports as sysfs and udev show them; each is a FIFO.
func port(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for i, name := range names {
		device := "vport0p" + string(rune('1'+i))
		put(t, root, "/sys/class/virtio-ports/"+device+"/name", name, 0o444)
		put(t, root, "/dev/README", "", 0o644)
		if err := syscall.Mkfifo(filepath.Join(root, "dev", device), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestThePortIsFoundByItsName(t *testing.T) {
	for name, c := range map[string]struct {
		names []string
		want  string // "" for not found
	}{
		"alone":                {[]string{report.Channel + "\n"}, "/dev/vport0p1"},
		"behind others":        {[]string{"org.qemu.guest_agent.0\n", report.Channel + "\n"}, "/dev/vport0p2"},
		"not there":            {[]string{"org.qemu.guest_agent.0\n"}, ""},
		"no ports":             {nil, ""},
		"one called nearly so": {[]string{report.Channel + "0\n", "x" + report.Channel + "\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := port(t, c.names...)
			got, err := (&Agent{Root: root}).portDevice(report.Channel)
			want := c.want
			if want != "" {
				want = root + want
			}
			if got != want || (err == nil) != (want != "") {
				t.Errorf("device is %q (%v), want %q", got, err, want)
			}
		})
	}
}

func TestTheAgentFailsOnlyWithoutItsPort(t *testing.T) {
	t.Run("no port", func(t *testing.T) {
		_, err := (&Agent{Root: t.TempDir()}).openPort()
		if err == nil || !strings.Contains(err.Error(), report.Channel) {
			t.Errorf("error is %v, want it to name the port", err)
		}
	})
	t.Run("stopped while it waits for a question", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a := &Agent{Root: port(t, report.Channel+"\n")}
		port, err := a.openPort()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- a.serve(ctx, port, testBoard()) }()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("error is %v, want none", err)
		}
	})
}
