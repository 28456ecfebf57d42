package instance

import (
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
	"holm/internal/fault"
)

func TestAVerbThatChangesAnInstanceNamesItsOperation(t *testing.T) {
	for line, want := range map[string]string{
		"create new":               "create",
		"start off":                "start",
		"stop web":                 "stop",
		"restart web":              "start",
		"resize web --disk 30G":    "resize",
		"rebuild web --keep-state": "rebuild",
		"rm --yes web":             "destroy",
		"wait web":                 "",
		"show web":                 "",
	} {
		words := strings.Fields(line)
		got := newWorld().Run(t, append(words, "-o", "json")...)
		if named := `"operation": "id-of-` + want + `"`; got.Code != 0 || strings.Contains(got.Out, named) != (want != "") ||
			want == "" && strings.Contains(got.Out, `"operation"`) {
			t.Errorf("%s: exit %d, want %q in\n%s%s", line, got.Code, named, got.Out, got.Err)
		}
		quiet, more := newWorld().RunOn(t, clitest.Terminal(""), words...), newWorld().RunOn(t, clitest.Terminal(""), append(words, "-v")...)
		if said := "operation id-of-" + want; strings.Contains(quiet.Err, "operation id") || strings.Contains(more.Err, said) != (want != "") {
			t.Errorf("%s: with -v %q, without %q", line, more.Err, quiet.Err)
		}
	}
}

func TestAVerbThatFailsNamesItsOperationToWhoWantsToKnowMore(t *testing.T) {
	w := newWorld()
	got := w.RunOn(t, clitest.Terminal(""), "stop", "web", "none", "-v")
	if got.Code != int(fault.NotFound) || !strings.Contains(got.Err, "operation id-of-stop  stop of default/web") {
		t.Errorf("exit %d: %s", got.Code, got.Err)
	}
}
