package provisioner

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"

	"holm/guest/report"
	"holm/storage/records"
)

// maxChecks bounds how many checks a guest may report.
const maxChecks = 256

// checksFailed means that the guest came up and does not keep its promises.
type checksFailed struct {
	passed, total int
	note          string
}

func (e *checksFailed) Error() string { return e.note }

// converse asks the guest how it is until it is ready or has failed. Whatever arrives is hostile until accept passed.
func (p *Provisioner) converse(ctx context.Context, h Hypervisor, inst records.Instance, w *watcher) (report.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := h.Watch(ctx, inst.UUID)
	if err != nil {
		return report.Report{}, err
	}
	port, err := h.Channel(ctx, inst.UUID, report.Port)
	if err != nil {
		return report.Report{}, err
	}
	defer port.Close()
	nonce := randomHex(16)
	if err := json.NewEncoder(port).Encode(report.Question{Version: report.Version, Nonce: nonce}); err != nil {
		return report.Report{}, fmt.Errorf("ask the guest: %w", err)
	}
	reports := make(chan report.Report)
	go hear(ctx, port, nonce, reports)
	for {
		select {
		case <-ctx.Done():
			return report.Report{}, context.Cause(ctx)
		case e, open := <-events:
			if open && (e.State == DomainOff || e.State == DomainCrashed || e.State == DomainAbsent) {
				return report.Report{}, p.ended(inst, e)
			}
			if !open {
				events = nil
			}
		case r, open := <-reports:
			if !open {
				reports = nil // the machine ended: an event says how
				continue
			}
			w.note("booting", "guest: "+clean(strings.TrimSpace(r.Stage+" "+r.Note)))
			if r.Stage == report.StageFailed {
				return r, failure(r)
			}
			if r.Stage == report.StageReady {
				return r, accept(inst, r)
			}
		}
	}
}

// hear passes on the answers to our question, and drops everything else. It ends with the port.
func hear(ctx context.Context, port io.Reader, nonce string, out chan<- report.Report) {
	defer close(out)
	lines := bufio.NewScanner(port)
	lines.Buffer(nil, report.MaxLine)
	for lines.Scan() {
		var r report.Report
		if json.Unmarshal(lines.Bytes(), &r) != nil || r.Nonce != nonce || len(r.Checks) > maxChecks {
			continue
		}
		select {
		case out <- r:
		case <-ctx.Done():
			return
		}
	}
}

func failure(r report.Report) error {
	note := clean(r.Note)
	if len(r.Checks) == 0 {
		return fmt.Errorf("the guest reports: %s", note)
	}
	passed := 0
	for _, c := range r.Checks {
		if c.OK {
			passed++
		}
	}
	return &checksFailed{passed: passed, total: len(r.Checks), note: note}
}

var (
	machineIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	bootIDForm    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	checkIDForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	kernelForm    = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}$`)
)

// accept holds what a guest says of itself to its forms, to its profile, and to what it said when it was first ready.
func accept(inst records.Instance, r report.Report) error {
	key, comment, options, rest, err := ssh.ParseAuthorizedKey([]byte(r.HostKey))
	switch {
	case err != nil || key.Type() != ssh.KeyAlgoED25519 || comment != "" || len(options) > 0 || len(rest) > 0:
		return fmt.Errorf("the guest reports no ed25519 host key")
	case !machineIDForm.MatchString(r.MachineID), !bootIDForm.MatchString(r.BootID), !kernelForm.MatchString(r.Kernel):
		return fmt.Errorf("the guest's report is not well-formed")
	case inst.HostKey != "" && inst.HostKey != r.HostKey:
		return fmt.Errorf("the guest shows another host key than before")
	case inst.MachineID != "" && inst.MachineID != r.MachineID:
		return fmt.Errorf("the guest has another machine id than before")
	case len(r.Checks) == 0:
		return fmt.Errorf("the guest reports no checks")
	}
	for _, c := range r.Checks {
		if !checkIDForm.MatchString(c.ID) {
			return fmt.Errorf("the guest's report is not well-formed")
		}
		if !c.OK {
			return &checksFailed{passed: 0, total: len(r.Checks), note: fmt.Sprintf("check %s: %s", c.ID, clean(c.Found))}
		}
	}
	return nil
}

// clean makes a text from a guest fit for a terminal and for one line.
func clean(text string) string {
	const most = 300
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
