//go:build e2e

package e2e

import (
	"testing"

	"holm/provisioner/parts"
)

// createSteps are the names of create's steps, by the list of what an instance is made of: a new one is walked without anybody's telling.
func createSteps() (names []string) {
	for _, stage := range (&parts.Parts{}).All().Create(nil) {
		for _, step := range stage {
			names = append(names, step.Name)
		}
	}
	return names
}

const killed = 128 + 9

func TestACreateThatWasKilledIsRemovedWithoutARest(t *testing.T) {
	const name = prefix + "crash"
	tidy(t, name)
	warm(t)
	before := inventory(t, stateDir)
	for _, step := range createSteps() {
		for _, when := range []string{"before", "after"} {
			point := "create." + step + "." + when
			t.Run(point, func(t *testing.T) {
				die(t, point, "create", name, "--flavor", "tiny", "--profile", "plain")
				if v := show(t, name); v.State != "creating" {
					t.Errorf("the record says %s", v.State)
				}
				holm("rm", "--yes", name).must(t)
				unchanged(t, stateDir, before)
			})
		}
	}
}

func TestACreateThatWasKilledCanBeMadeAgain(t *testing.T) {
	const name = prefix + "crash"
	tidy(t, name)
	warm(t)
	before := inventory(t, stateDir)
	args := []string{"create", name, "--flavor", "tiny", "--profile", "plain"}
	die(t, "create.volume.after", args...)
	wreck := show(t, name)
	die(t, "create.started.after", args...) // came past the wreck, to a guest that runs
	second := show(t, name)
	if second.ID == wreck.ID {
		t.Error("the second create took over the record of the first")
	}
	holm(args...).must(t)
	if third := show(t, name); third.Status != "ready" || third.ID == second.ID {
		t.Errorf("the third create came to %+v", third)
	}
	holm("rm", "--yes", name).must(t)
	unchanged(t, stateDir, before)
}

func TestARemovalThatWasKilledIsFinishedByTheNext(t *testing.T) {
	const name = prefix + "crash"
	tidy(t, name)
	warm(t)
	before := inventory(t, stateDir)
	for point, code := range map[string]int{
		"destroy.power.after": 0, "destroy.domain.after": 0, "destroy.volume.after": 0, "destroy.folder.after": 0,
		"destroy.record.before": 0,
		"destroy.network.after": 4, // the record is gone by then, and with it everything else
	} {
		t.Run(point, func(t *testing.T) {
			die(t, "create.defined.after", "create", name, "--flavor", "tiny", "--profile", "plain")
			die(t, point, "rm", "--yes", name)
			if o := holm("rm", "--yes", name).run(t); o.code != code {
				t.Errorf("exit %d, want %d\n%s", o.code, code, o.stderr)
			}
			unchanged(t, stateDir, before)
		})
	}
}

// die runs holm and expects it to be killed at the point.
func die(t *testing.T, point string, args ...string) {
	t.Helper()
	if o := holm(args...).with("HOLM_CRASH_AT=" + point).run(t); o.code != killed {
		t.Fatalf("exit %d, want it killed at %s\n%s", o.code, point, o.stderr)
	}
}

// warm has holm make what it makes once for a state directory: its folders and its key.
func warm(t *testing.T) {
	t.Helper()
	const name = prefix + "warm"
	tidy(t, name)
	die(t, "create.defined.after", "create", name, "--flavor", "tiny", "--profile", "plain")
	holm("rm", "--yes", name).must(t)
}
