package main

import (
	"strings"
	"testing"
)

func TestAComplaintIsOfWhatFailed(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"of a test that failed its own lines": {
			"=== RUN   TestA\n    a_test.go:1: chatter of A\n--- PASS: TestA (0.1s)\n=== RUN   TestB\n=== RUN   TestB/part\n    b_test.go:1: B is wrong\n" +
				"--- FAIL: TestB (0.1s)\n    --- FAIL: TestB/part (0.1s)\n=== RUN   TestC\nchatter of C\n--- PASS: TestC (0.1s)\nFAIL\nFAIL\tholm/x\t0.1s\n",
			"    b_test.go:1: B is wrong\n--- FAIL: TestB (0.1s)\n    --- FAIL: TestB/part (0.1s)\nFAIL\nFAIL\tholm/x\t0.1s\n",
		},
		"nothing of packages that passed": {
			"=== RUN   TestA\nchatter\n--- PASS: TestA (0.1s)\nPASS\nok  \tholm/x\t0.1s\n?   \tholm/y\t[no test files]\n", "",
		},
		"tests that take turns are told apart": {
			"=== RUN   TestA\n=== PAUSE TestA\n=== RUN   TestB\n=== PAUSE TestB\n=== CONT  TestA\nof A\n=== CONT  TestB\nof B\n=== NAME  TestA\n" +
				"more of A\n--- FAIL: TestA (0.1s)\n--- PASS: TestB (0.1s)\nFAIL\nFAIL\tholm/x\t0.1s\n",
			"of A\nmore of A\n--- FAIL: TestA (0.1s)\nFAIL\nFAIL\tholm/x\t0.1s\n",
		},
		"all of what does not compile": {
			"# holm/x\nx.go:1: no\nFAIL\tholm/x [build failed]\n", "# holm/x\nx.go:1: no\nFAIL\tholm/x [build failed]\n",
		},
		"all of what came to no end": {
			"=== RUN   TestA\nboom\n", "boom\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := complaint(&out, "unit", strings.NewReader(c.log)); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(out.String(), "\n   unit failed; what the tests said:\n"); got != c.want {
				t.Errorf("it is\n%s\nand not\n%s", got, c.want)
			}
		})
	}
}
