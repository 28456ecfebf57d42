package k3s

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
	"holm/guest/keeper"
	"holm/guest/probe"
	"holm/guest/report"
)

// k3sRoot is a folder in which the server's kubeconfig lies where k3s has it.
func k3sRoot(t *testing.T, s *k3stest.Server) string {
	t.Helper()
	data, err := s.Access(t).Kubeconfig("default")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	path := filepath.Join(root, k3sapi.Kubeconfig)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// keep runs a keeper of the server until the test ends.
func keep(t *testing.T, root string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	k := &keeper.Keeper{Connect: func() (*k3sapi.Client, error) { return k3sapi.Open(root + k3sapi.Kubeconfig) }}
	go func() {
		defer close(ended)
		k.Run(ctx, func() {})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

func outcomes(ctx context.Context, root string) map[string]report.Check {
	results := map[string]report.Check{}
	for _, c := range probe.Run(ctx, &probe.Env{Profile: probe.K3s}, Below(root), func(string) {}) {
		results[c.ID] = c
	}
	return results
}

// leftovers are the objects of the checks that are still there.
func leftovers(t *testing.T, s *k3stest.Server) []string {
	t.Helper()
	var names []string
	for _, collection := range []string{k3sapi.Namespaces, k3sapi.ClusterRoles, k3sapi.ClusterRoleBindings} {
		var found k3sapi.List[k3sapi.Object]
		if err := s.Client(t).Get(t.Context(), collection, &found); err != nil {
			t.Fatal(err)
		}
		for _, o := range found.Items {
			if strings.HasPrefix(o.Metadata.Name, "holm-probe-") {
				names = append(names, collection+"/"+o.Metadata.Name)
			}
		}
	}
	return names
}

func TestAnAPIThatAdmitsEverythingKeepsNoPromiseOfAdmission(t *testing.T) {
	s := k3stest.New(t)
	s.Anonymous = true
	root := k3sRoot(t, s)
	keep(t, root)
	got := outcomes(t.Context(), root)
	for id, want := range map[string]report.Outcome{
		"k3s-pss": report.Failed, "k3s-digest": report.Failed, "k3s-labels": report.Failed, "k3s-guarded": report.Failed,
		"k3s-anonymous": report.Failed, "k3s-tls": report.Failed, "k3s-audit": report.Failed,
		"k3s-tokens":  report.Inconclusive, // nobody gets one
		"k3s-secrets": report.Inconclusive, // there is no datastore to look into
		"k3s-netpol":  report.Passed,
	} {
		if got[id].Outcome != want {
			t.Errorf("%s: %s (%s), want %s", id, got[id].Outcome, got[id].Found, want)
		}
	}
	if len(got) != len(rules()) {
		t.Errorf("%d results of %d", len(got), len(rules()))
	}
	if left := leftovers(t, s); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestARefusalByAnotherRuleProvesNothing(t *testing.T) {
	r := k3sRefused("", "violates PodSecurity", []k3sTry{{"hostNetwork", &k3sapi.Error{Code: 403, Message: "exceeded quota"}}})
	if r.Outcome != report.Inconclusive {
		t.Errorf("got %s: %s", r.Outcome, r.Found)
	}
}

func TestWithoutAKeeperTheNetworkPoliciesAreMissed(t *testing.T) {
	s := k3stest.New(t)
	got := outcomes(t.Context(), k3sRoot(t, s))["k3s-netpol"]
	if got.Outcome != report.Failed || !strings.Contains(got.Found, "0 of 2 policies") {
		t.Errorf("got %s: %s", got.Outcome, got.Found)
	}
}

func TestAWidenedPolicyIsNoticed(t *testing.T) {
	s := k3stest.New(t)
	root := k3sRoot(t, s)
	// Whatever is written, also when the keeper mends it.
	s.Admit = func(r k3stest.Request) *k3sapi.Error {
		if spec, ok := r.Object["spec"].(map[string]any); ok && strings.Contains(r.Path, "/networkpolicies") {
			spec["ingress"] = []any{map[string]any{}}
		}
		return nil
	}
	keep(t, root)
	if got := outcomes(t.Context(), root)["k3s-netpol"]; got.Outcome != report.Failed {
		t.Errorf("got %s: %s", got.Outcome, got.Found)
	}
}

func TestAnInterruptedRunLeavesNothingBehind(t *testing.T) {
	s := k3stest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Admit = func(r k3stest.Request) *k3sapi.Error {
		if strings.HasSuffix(r.Path, "/pods") {
			cancel()
		}
		return nil
	}
	for id, c := range outcomes(ctx, k3sRoot(t, s)) {
		if c.Outcome == report.Passed {
			t.Errorf("%s passed: %s", id, c.Found)
		}
	}
	if left := leftovers(t, s); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatAnEarlierRunLeftIsRemoved(t *testing.T) {
	s := k3stest.New(t)
	api := s.Client(t)
	labels := map[string]string{k3sLabel: "true"}
	for path, object := range map[string]any{
		k3sapi.Namespaces:   k3sapi.NewNamespace("holm-probe-old", labels),
		k3sapi.ClusterRoles: k3sapi.NewClusterRole("holm-probe-old", labels),
	} {
		if err := api.Create(t.Context(), path, object, nil); err != nil {
			t.Fatal(err)
		}
	}
	outcomes(t.Context(), k3sRoot(t, s))
	if left := leftovers(t, s); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOnlyANamespaceThatDoesNotGoIsHelpedAlong(t *testing.T) {
	s := k3stest.New(t)
	for name, ago := range map[string]time.Duration{"holm-probe-stuck": time.Hour, "holm-probe-going": time.Second} {
		ns := k3sapi.NewNamespace(name, map[string]string{k3sLabel: "true"})
		ns.Metadata.DeletionTimestamp = new(time.Now().Add(-ago))
		if err := s.Client(t).Create(t.Context(), k3sapi.Namespaces, ns, nil); err != nil {
			t.Fatal(err)
		}
	}
	run, err := newK3sRun(pathsBelow(k3sRoot(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	if err := run.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	const finalize = "PUT " + k3sapi.Namespaces + "/holm-probe-"
	if seen := s.Seen(); !slices.Contains(seen, finalize+"stuck/finalize") || slices.Contains(seen, finalize+"going/finalize") {
		t.Errorf("%q", seen)
	}
}

func TestATokenThatNobodyAskedForIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		token func(asked bool) bool
		want  report.Outcome
	}{
		"only who asks gets one": {func(asked bool) bool { return asked }, report.Passed},
		"everybody gets one":     {func(bool) bool { return true }, report.Failed},
		"nobody gets one":        {func(bool) bool { return false }, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			s := k3stest.New(t)
			s.Admit = func(r k3stest.Request) *k3sapi.Error {
				if spec, ok := r.Object["spec"].(map[string]any); ok && c.token(spec["automountServiceAccountToken"] == true) {
					token := map[string]any{"serviceAccountToken": map[string]any{"path": "token"}}
					spec["volumes"] = []any{map[string]any{"name": "kube-api-access", "projected": map[string]any{"sources": []any{token}}}}
				}
				return nil
			}
			run, err := newK3sRun(pathsBelow(k3sRoot(t, s)))
			if err != nil {
				t.Fatal(err)
			}
			run.name = "default"
			if got := tryK3sTokens(t.Context(), run, ""); got.Outcome != c.want {
				t.Errorf("got %s: %s", got.Outcome, got.Found)
			}
		})
	}
}

func TestWithoutK3sEveryCheckIsInconclusive(t *testing.T) {
	for id, c := range outcomes(t.Context(), t.TempDir()) {
		if c.Outcome != report.Inconclusive {
			t.Errorf("%s: %s", id, c.Outcome)
		}
	}
}

func TestEveryK3sCheckSaysWhatItIs(t *testing.T) {
	var ids []string
	for _, c := range Checks() {
		if c.Source == "" || !strings.HasSuffix(c.Promise, ".") || slices.Contains(ids, c.ID) || !strings.HasPrefix(c.ID, "k3s-") {
			t.Errorf("%+v", c)
		}
		ids = append(ids, c.ID)
	}
}
