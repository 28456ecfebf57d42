package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const said = `=== RUN   TestOne
=== RUN   TestOne/a_case
    one_test.go:7: it says something
--- PASS: TestOne (1.50s)
    --- PASS: TestOne/a_case (1.25s)
=== RUN   TestTwo
    two_test.go:9: there is no KVM
--- SKIP: TestTwo (0.00s)
PASS
ok  	holm/one	2.000s
?   	holm/none	[no test files]
ok  	holm/kept	(cached)
=== RUN   TestThree
--- FAIL: TestThree (20.00s)
FAIL	holm/two	21.500s
=== RUN   TestFour
FAIL
`

func heard(t *testing.T) verdicts {
	t.Helper()
	v, err := read("unit", strings.NewReader(said))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerdictsAreRead(t *testing.T) {
	v := heard(t)
	want := []verdict{
		{step: "unit", name: "TestOne", word: "PASS", took: 1500 * time.Millisecond},
		{step: "unit", name: "TestOne/a_case", word: "PASS", took: 1250 * time.Millisecond, inner: true},
		{step: "unit", name: "TestTwo", word: "SKIP", why: "there is no KVM"},
		{step: "unit", name: "TestThree", word: "FAIL", took: 20 * time.Second},
	}
	if diff := cmp.Diff(want, v.all, cmp.AllowUnexported(verdict{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v.tests != 23500*time.Millisecond {
		t.Errorf("the packages took %v", v.tests)
	}
	if v.count("PASS") != 2 || v.count("FAIL") != 1 {
		t.Errorf("%d passed and %d failed", v.count("PASS"), v.count("FAIL"))
	}
}

func TestWhatWasCutOffIsKnownByName(t *testing.T) {
	v := heard(t)
	if diff := cmp.Diff([]string{"TestFour"}, v.open()); diff != "" {
		t.Errorf("in the middle of (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"TestFive"}, v.missing([]string{"TestOne", "TestFour", "TestFive"})); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
}

func TestTheSlowestAreWholeTests(t *testing.T) {
	var got []string
	for _, v := range slowest(heard(t).all, 2) {
		got = append(got, v.name)
	}
	if diff := cmp.Diff([]string{"TestThree", "TestOne"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all := slowest(heard(t).all, 10); len(all) != 2 {
		t.Errorf("of two that ran there are %d", len(all))
	}
}

func TestTestsAreFoundInTheirSource(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"b_test.go": "package x\n\nfunc TestLate(t *testing.T) {\n}\n\nfunc TestMain(m *testing.M) {}\n",
		"a_test.go": "package x\n\nfunc TestEarly(t *testing.T) {}\nfunc helper(t *testing.T) {}\n",
		"c.go":      "package x\n\nfunc TestNothing(t *testing.T) {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := testsIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"TestEarly", "TestLate"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheScriptThatTestsThePackageIsUnderstood(t *testing.T) {
	const log = "=== RUN   TestPackage:bookworm:an_upgrade_takes_its_place\n--- PASS: TestPackage:bookworm:an_upgrade_takes_its_place (1.4s)\n" +
		"=== RUN   TestPackage:bookworm:a_purge_leaves_the_state\n    test-deb:1: it is gone\n--- FAIL: TestPackage:bookworm:a_purge_leaves_the_state (0.8s)\n" +
		"FAIL\tholm/hack/test-deb\t75.9s\n"
	v, err := read("package", strings.NewReader(log))
	if err != nil || v.count("PASS") != 1 || v.count("FAIL") != 1 || v.tests != 75900*time.Millisecond || len(v.open()) != 0 {
		t.Errorf("it is taken for %+v (%v)", v, err)
	}
	var out strings.Builder
	if err := complaint(&out, "package", strings.NewReader(log)); err != nil || !strings.Contains(out.String(), "it is gone") {
		t.Errorf("why it failed is not said: %q (%v)", out.String(), err)
	}
}
