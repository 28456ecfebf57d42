package provisioner_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/model"
)

// lying is a ready guest with something changed.
func lying(change func(r *report.Report)) guest {
	r := readyReport()
	change(&r)
	return answering(r)
}

// writing is a guest that writes this, whatever it is asked, and then is honest.
func writing(text string) guest {
	return func(uuid string, port io.ReadWriter) {
		if _, err := io.WriteString(port, text); err == nil {
			honest()(uuid, port)
		}
	}
}

func ecdsaKey(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	key, err := ssh.NewPublicKey(private.Public())
	must(t, err)
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func TestAGuestThatLiesIsNotReady(t *testing.T) {
	const noKey, malformed = "the guest reports no ed25519 host key", "the guest's report is not well-formed"
	key := func(k string) guest { return lying(func(r *report.Report) { r.HostKey = k }) }
	failed := func(note string) guest {
		return lying(func(r *report.Report) { r.Stage, r.Note = report.StageFailed, note })
	}
	for name, c := range map[string]struct {
		guest guest
		kind  fault.Kind
		says  string
	}{
		"no host key":                     {key(""), fault.Failure, noKey},
		"a host key of another type":      {key(ecdsaKey(t)), fault.Failure, noKey},
		"a host key with a comment":       {key(hostKey(1) + " root@web"), fault.Failure, noKey},
		"a host key with options":         {key("no-pty " + hostKey(1)), fault.Failure, noKey},
		"a host key behind another line":  {key("@cert-authority *\n" + hostKey(1)), fault.Failure, noKey},
		"a host key behind a comment":     {key("# *\n" + hostKey(1)), fault.Failure, noKey},
		"a host key before another line":  {key(hostKey(1) + "\n* " + hostKey(2)), fault.Failure, noKey},
		"a host key with a blank at end":  {key(hostKey(1) + " "), fault.Failure, noKey},
		"a machine id of another form":    {lying(func(r *report.Report) { r.MachineID = "../../etc" }), fault.Failure, malformed},
		"a boot id of another form":       {lying(func(r *report.Report) { r.BootID = "" }), fault.Failure, malformed},
		"a kernel with control codes":     {lying(func(r *report.Report) { r.Kernel = "6.1\x1b[2J" }), fault.Failure, malformed},
		"failed without checks":           {failed("cloud-init: no\nseed"), fault.Failure, "the guest reports: cloud-init: no seed"},
		"failed without a reason":         {failed(""), fault.Failure, "the guest reports: it does not say why"},
		"an older language":               {lying(func(r *report.Report) { r.Version = 1 }), fault.Failure, "its image speaks version 1 of holm's language"},
		"a line without end":              {writing(strings.Repeat("x", report.MaxLine+1)), fault.Failure, "the guest sent a line of more than 64 KiB"},
		"a valid line that is too long":   {lying(func(r *report.Report) { r.Note = strings.Repeat("x", report.MaxLine) }), fault.Failure, "the guest sent a line of more than 64 KiB"},
		"a flood of lines that are short": {writing(strings.Repeat("{}\n", 2<<20)), fault.Failure, "the guest sent more than 4 MiB and no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(c.guest)
			_, err := w.holm().Instances.Create(t.Context(), web(), nil)
			refused(t, err, c.kind, `instance "web" is not ready: `+c.says, "holm rm web")
			inst := w.record()
			if inst.State != model.Failed || !strings.Contains(inst.Failure, c.says) || inst.HostKey != "" {
				t.Errorf("the record is %s (%q), host key %q", inst.State, inst.Failure, inst.HostKey)
			}
			if exists(t, w.file(inst.ID, "known_hosts")) {
				t.Error("its host key is known")
			}
		})
	}
}

func TestWhatIsNoAnswerToOurQuestionIsDropped(t *testing.T) {
	replay := readyReport()
	replay.Nonce, replay.HostKey = "00112233445566778899aabbccddeeff", hostKey(7)
	replayed, err := json.Marshal(replay)
	must(t, err)
	many := readyReport()
	many.HostKey = hostKey(8) // or nobody could tell which of the two was believed
	for i := range 257 {
		many.Checks = append(many.Checks, goodCheck(fmt.Sprintf("c%d", i)))
	}
	for name, g := range map[string]guest{
		"another nonce":   writing(string(replayed) + "\n"),
		"garbage":         writing("\x00\xff{]\n\n{\"nonce\":7}\n[]\nnull\n"),
		"too many checks": answering(many, readyReport()),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(g)
			if inst := w.created("web"); inst.HostKey != hostKey(1) || inst.ChecksTotal != 5 {
				t.Errorf("it was believed: %+v", inst)
			}
		})
	}
}

func TestAGuestThatIsAnotherOneAtItsSecondBootIsNotReady(t *testing.T) {
	for says, change := range map[string]func(r *report.Report){
		"the guest shows another host key than before": func(r *report.Report) { r.HostKey = hostKey(2) },
		"the guest has another machine id than before": func(r *report.Report) { r.MachineID = strings.Repeat("b", 32) },
	} {
		t.Run(says, func(t *testing.T) {
			w := newWorld(t)
			first := w.created("web")
			must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
			w.play(lying(change))
			_, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
			refused(t, err, fault.Failure, says, "holm logs web")
			inst := w.record()
			if inst.State != model.Failed || inst.HostKey != first.HostKey || inst.MachineID != first.MachineID {
				t.Errorf("it was believed: %+v", inst)
			}
			known, err := os.ReadFile(w.file(inst.ID, "known_hosts"))
			must(t, err)
			if !strings.Contains(string(known), hostKey(1)) {
				t.Errorf("known_hosts is %q", known)
			}
			must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
			w.play(honest())
			if inst, err = w.holm().Instances.Start(t.Context(), "default", "web", nil); err != nil || inst.State != model.Ready {
				t.Errorf("the right guest is %s: %v", inst.State, err)
			}
		})
	}
}
