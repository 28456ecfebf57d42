package provisioner_test

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"holm/guest/report"
	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// honest is a guest that boots and is ready; every boot of it has an id of its own.
func honest() guest {
	r := readyReport()
	return answering(report.Report{Stage: report.StageBoot}, report.Report{Stage: report.StageCloudInit, Note: "network"}, r)
}

// silent is a guest that never says a word.
func silent(_ string, port io.ReadWriter) { _, _ = io.Copy(io.Discard, port) }

// answering is a guest that answers how it is with these reports, and keeps its promises.
func answering(reports ...report.Report) guest {
	return speaking(reports, []report.Report{{Stage: report.StageChecking, Note: "root-readonly", Bait: 40001}, checkedReport()})
}

// checking is a guest that is ready and answers with these reports when it is to try its checks.
func checking(reports ...report.Report) guest {
	return speaking([]report.Report{readyReport()}, reports)
}

// speaking is a guest that answers each question with the reports for it.
func speaking(status, checks []report.Report) guest {
	last := len(status) - 1
	var booted sync.Map // by uuid: those say from now on that they are ready, and no more how they came to be
	return func(uuid string, port io.ReadWriter) {
		for q := range questions(port) {
			reports := status
			if _, ok := booted.Load(uuid); ok {
				reports = status[last:]
			}
			switch q.Ask {
			case report.AskChecks:
				reports = checks
			case report.AskExpose:
				reports = []report.Report{exposedReport(q.Ports)}
			case report.AskEnvironment:
				reports = []report.Report{{Stage: report.StageChecked}}
			case report.AskGrow:
				reports = []report.Report{grownReport(q.Bytes)}
			}
			for _, r := range reports {
				if writeReport(port, q, r) != nil {
					return
				}
			}
			if q.Ask == report.AskStatus && status[last].Stage == report.StageReady {
				booted.Store(uuid, true)
			}
		}
	}
}

// writeReport answers a question.
func writeReport(port io.Writer, q report.Question, r report.Report) error {
	r.Nonce, r.Version = cmp.Or(r.Nonce, q.Nonce), cmp.Or(r.Version, report.Version)
	return json.NewEncoder(port).Encode(r)
}

// questions are what the host asks.
func questions(port io.Reader) func(yield func(report.Question) bool) {
	return func(yield func(report.Question) bool) {
		lines := bufio.NewScanner(port)
		for lines.Scan() {
			var q report.Question
			if json.Unmarshal(lines.Bytes(), &q) == nil && q.Version == report.Version && !yield(q) {
				return
			}
		}
	}
}

// exposedReport is the answer of a guest that has no port 13.
func exposedReport(ports []report.Port) report.Report {
	r := readyReport()
	r.Stage = report.StageChecked
	for _, p := range ports {
		if p.Number == 13 {
			r.Stage, r.Note = report.StageFailed, "nft: exit status 1: there is no such luck"
		}
	}
	return r
}

func readyReport() report.Report {
	return report.Report{
		Version: report.Version, Stage: report.StageReady, BootID: "0d9f1f9c-5d5c-4b3a-9f5e-0123456789ab",
		MachineID: strings.Repeat("a1", 16), Kernel: "6.12.117+deb13-amd64", HostKey: hostKey(1),
	}
}

// checkedReport is that of a guest which keeps its promises.
func checkedReport() report.Report {
	r := readyReport()
	r.Stage = report.StageChecked
	for _, id := range promised() {
		r.Checks = append(r.Checks, goodCheck(id))
	}
	return r
}

// grownReport is that of a guest whose file system has grown to its disk.
func grownReport(bytes uint64) report.Report {
	r := readyReport()
	r.Stage, r.Grown = report.StageChecked, &report.Grown{Before: bytes / 2, After: bytes}
	return r
}

func goodCheck(id string) report.Check {
	return report.Check{ID: id, Outcome: report.Passed, Tried: "write to /", Found: "EROFS"}
}

// promised are the checks that the image names.
func promised() []string { return []string{"root-readonly", "host-key", "docker-rootless"} }

// hostKey is an ed25519 key, always the same for the same seed.
func hostKey(seed byte) string {
	private := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed))
	key, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func debian() images.Manifest {
	sum := strings.Repeat("ab", 32)
	return images.Manifest{
		Digest: "sha256:" + sum, Name: "debian-13", Suite: "trixie", Profiles: []string{"plain", "docker"},
		Kernel: images.File{Name: "vmlinuz", SHA256: sum, Size: 1}, KernelVersion: "6.12.117+deb13-amd64",
		Initrd: images.File{Name: "initrd", SHA256: sum, Size: 1}, Root: images.File{Name: "root.img", SHA256: sum, Size: 1},
		RootHash: sum, DataBlocks: 1, Salt: sum,
		Checks: map[string][]string{"plain": promised()[:2], "docker": promised()},
	}
}

// fakeImages has one image.
type fakeImages struct{ images.Manifest }

func (f fakeImages) Get(ref string) (images.Manifest, error) {
	if ref == f.Name || ref == f.Digest {
		return f.Manifest, nil
	}
	return images.Manifest{}, fault.New(fault.NotFound, "see what there is: holm image ls", "there is no image %.20q", ref)
}

func (f fakeImages) Path(m images.Manifest, file images.File) string {
	return filepath.Join("/var/lib/holm/images", m.Digest, file.Name)
}

// spy counts the transactions that write, and can make any of them fail.
type spy struct {
	*records.Bolt
	mu     sync.Mutex
	writes []string
	fail   func(method string) error
}

func (s *spy) enter(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, method)
	if s.fail == nil {
		return nil
	}
	return s.fail(method)
}

func (s *spy) Reserve(ctx context.Context, inst model.Instance, op model.Operation, admit func([]model.Instance, *model.Instance) error,
	rules ...model.Rule,
) (model.Instance, error) {
	if err := s.enter("Reserve"); err != nil {
		return model.Instance{}, err
	}
	return s.Bolt.Reserve(ctx, inst, op, admit, rules...)
}

func (s *spy) Update(ctx context.Context, id string, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error) {
	if err := s.enter("Update"); err != nil {
		return model.Instance{}, err
	}
	return s.Bolt.Update(ctx, id, change, rules...)
}

func (s *spy) Record(ctx context.Context, op model.Operation, change func(*model.Instance) error,
	rules ...model.Rule,
) (model.Instance, error) {
	if err := s.enter("Record " + op.Kind + " " + string(op.Status)); err != nil {
		return model.Instance{}, err
	}
	return s.Bolt.Record(ctx, op, change, rules...)
}

func (s *spy) Removed(ctx context.Context, op model.Operation) error {
	if err := s.enter("Removed"); err != nil {
		return err
	}
	return s.Bolt.Removed(ctx, op)
}

func (s *spy) Drop(ctx context.Context, id string) error {
	if err := s.enter("Drop"); err != nil {
		return err
	}
	return s.Bolt.Drop(ctx, id)
}

func (s *spy) Resize(ctx context.Context, id string, op model.Operation, admit func([]model.Instance, *model.Instance) error) (model.Instance, error) {
	if err := s.enter("Resize"); err != nil {
		return model.Instance{}, err
	}
	return s.Bolt.Resize(ctx, id, op, admit)
}

func (s *spy) PutOperation(ctx context.Context, op model.Operation) error {
	if err := s.enter("PutOperation " + op.Kind + " " + string(op.Status)); err != nil {
		return err
	}
	return s.Bolt.PutOperation(ctx, op)
}
