// Package judge has a real kube-apiserver judge the k3s profile: it starts the stand-in with exactly the files that the
// profile renders, at their real paths, and asks it for what must be refused and for what must be admitted. Each
// judgement is also seen to fail where its promise was broken on purpose.
package judge

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// standIn is the program under test; TestMain has it built where HOLM_K3S_STAND_IN does not name one.
var standIn string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	standIn = os.Getenv("HOLM_K3S_STAND_IN")
	if standIn != "" || os.Getuid() != 0 {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "k3s-stand-in-")
	if err != nil {
		_, _ = os.Stderr.WriteString("cannot make a folder for the stand-in: " + err.Error() + "\n")
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	standIn = filepath.Join(dir, "k3s")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", standIn, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		_, _ = os.Stderr.WriteString("cannot build the stand-in: " + err.Error() + "\n" + string(out))
		return 1
	}
	return m.Run()
}

// judgement is one promise of the profile; holds returns what it saw instead when the promise is broken.
type judgement struct {
	name  string
	holds func(context.Context, *node) error
}

func judgements() []judgement {
	var all []judgement
	all = append(all, podJudgements()...)
	all = append(all, policyJudgements()...)
	all = append(all, labelJudgements()...)
	all = append(all, dataJudgements()...)
	all = append(all, edgeJudgements()...)
	return all
}

func TestTheProfileHoldsItsPromises(t *testing.T) {
	n := start(t, profileFiles(t))
	for _, j := range judgements() {
		t.Run(j.name, func(t *testing.T) {
			if err := j.judge(t, n); err != nil {
				t.Error(err)
			}
		})
	}
	n.keep(t)
	if caught := n.checks(t); len(caught) > 0 {
		t.Errorf("of the guest's own checks, these do not pass: %v", caught)
	}
}

func (j judgement) judge(t *testing.T, n *node) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return j.holds(ctx, n)
}
