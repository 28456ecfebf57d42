package keeper_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
	"holm/guest/keeper"
)

// keep runs a keeper of the server until the test ends, and returns when its first round is over.
func keep(t *testing.T, s *k3stest.Server) *k3sapi.Client {
	t.Helper()
	access := s.Access(t)
	ctx, cancel := context.WithCancel(t.Context())
	first, ended := make(chan struct{}), make(chan struct{})
	k := &keeper.Keeper{Connect: func() (*k3sapi.Client, error) { return k3sapi.New(access) }}
	go func() {
		defer close(ended)
		k.Run(ctx, func() { close(first) })
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case <-first:
	case <-time.After(30 * time.Second):
		t.Fatal("the first round does not end")
	}
	return s.Client(t)
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func namespace(t *testing.T, api *k3sapi.Client, name string) k3sapi.Namespace {
	t.Helper()
	var ns k3sapi.Namespace
	if err := api.Get(t.Context(), k3sapi.Named(k3sapi.Namespaces, name), &ns); err != nil {
		t.Fatal(err)
	}
	return ns
}

func isGuarded(t *testing.T, api *k3sapi.Client, name string) bool {
	t.Helper()
	if namespace(t, api, name).Metadata.Labels[keeper.Label] != "true" {
		return false
	}
	for _, want := range keeper.Policies() {
		var got k3sapi.NetworkPolicy
		path := k3sapi.Named(k3sapi.In(name, "networkpolicies"), want.Metadata.Name)
		if err := api.Get(t.Context(), path, &got); err != nil {
			t.Fatalf("%s is marked, but has no policy: %v", name, err)
		}
		if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
			return false
		}
	}
	var account k3sapi.ServiceAccount
	if err := api.Get(t.Context(), k3sapi.Named(k3sapi.In(name, "serviceaccounts"), "default"), &account); err != nil {
		t.Fatal(err)
	}
	return account.Automount != nil && !*account.Automount
}

func create(t *testing.T, api *k3sapi.Client, ns k3sapi.Namespace) {
	t.Helper()
	if err := api.Create(t.Context(), k3sapi.Namespaces, ns, nil); err != nil {
		t.Fatal(err)
	}
}

func TestTheFirstRoundGuardsAllButKubeSystem(t *testing.T) {
	s := k3stest.New(t)
	api := keep(t, s)
	for _, name := range []string{"default", "kube-public", "kube-node-lease"} {
		if !isGuarded(t, api, name) {
			t.Errorf("%s is not guarded", name)
		}
	}
	for _, request := range s.Seen() {
		if strings.Contains(request, "kube-system") {
			t.Errorf("kube-system was touched: %s", request)
		}
	}
}

func TestANamespaceIsMarkedOnlyWhenAllIsThere(t *testing.T) {
	s := k3stest.New(t)
	var early atomic.Bool
	counts := map[string]int{} // only the server's lock guards it
	s.Admit = func(r k3stest.Request) *k3sapi.Error {
		if rest, ok := strings.CutPrefix(r.Path, k3sapi.Namespaces+"/"); ok && !strings.Contains(rest, "/") && counts[rest] < 3 {
			early.Store(true)
		}
		if parts := strings.Split(r.Path, "/"); slices.Contains(parts, "networkpolicies") || slices.Contains(parts, "serviceaccounts") {
			counts[parts[slices.Index(parts, "namespaces")+1]]++
		}
		return nil
	}
	api := keep(t, s)
	create(t, api, k3sapi.NewNamespace("web", nil))
	eventually(t, "web is guarded", func() bool { return isGuarded(t, api, "web") })
	if early.Load() {
		t.Error("a namespace was marked before its policies and its account were there")
	}
}

func TestWhatIsChangedIsPutRight(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *k3sapi.Client) error{
		"a policy was deleted": func(t *testing.T, api *k3sapi.Client) error {
			return api.Delete(t.Context(), k3sapi.Named(k3sapi.In("default", "networkpolicies"), keeper.DefaultDeny))
		},
		"a policy was widened": func(t *testing.T, api *k3sapi.Client) error {
			wide := map[string]any{"spec": map[string]any{"ingress": []any{map[string]any{}}}}
			return api.Merge(t.Context(), k3sapi.Named(k3sapi.In("default", "networkpolicies"), keeper.DefaultDeny), wide, nil)
		},
		"tokens were switched on": func(t *testing.T, api *k3sapi.Client) error {
			on := map[string]any{"automountServiceAccountToken": true}
			return api.Merge(t.Context(), k3sapi.Named(k3sapi.In("default", "serviceaccounts"), "default"), on, nil)
		},
		"the account was deleted": func(t *testing.T, api *k3sapi.Client) error {
			return api.Delete(t.Context(), k3sapi.Named(k3sapi.In("default", "serviceaccounts"), "default"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := k3stest.New(t)
			api := keep(t, s)
			before := len(s.Seen())
			if err := spoil(t, api); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the keeper writes", func() bool {
				return slices.ContainsFunc(s.Seen()[before+1:], func(r string) bool {
					return strings.HasPrefix(r, http.MethodPatch) && strings.Contains(r, "/default/serviceaccounts/")
				})
			})
			eventually(t, "default is guarded again", func() bool { return isGuarded(t, api, "default") })
		})
	}
}

func TestAMarkThatWasTakenAwayComesBackAfterAWhile(t *testing.T) {
	s := k3stest.New(t)
	api := keep(t, s)
	began := time.Now()
	off := map[string]any{"metadata": map[string]any{"labels": map[string]any{keeper.Label: nil}}}
	if err := api.Merge(t.Context(), k3sapi.Named(k3sapi.Namespaces, "default"), off, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "default is guarded again", func() bool { return isGuarded(t, api, "default") })
	if took := time.Since(began); took < keeper.Settle {
		t.Errorf("it came back after %s, want %s at least", took, keeper.Settle)
	}
}

func TestANamespaceThatCameWithTheMarkIsGuardedAllTheSame(t *testing.T) {
	s := k3stest.New(t)
	api := keep(t, s)
	before := len(s.Seen())
	create(t, api, k3sapi.NewNamespace("sly", map[string]string{keeper.Label: "true"}))
	eventually(t, "sly has an account", func() bool {
		return slices.Contains(s.Seen()[before:], "PATCH /api/v1/namespaces/sly/serviceaccounts/default")
	})
	if !isGuarded(t, api, "sly") {
		t.Error("sly is not guarded")
	}
}

func TestANamespaceThatIsGoingIsLeftAlone(t *testing.T) {
	s := k3stest.New(t)
	api := keep(t, s)
	going := k3sapi.NewNamespace("going", nil)
	going.Metadata.DeletionTimestamp = new(time.Now())
	create(t, api, going)
	create(t, api, k3sapi.NewNamespace("after", nil))
	eventually(t, "after is guarded", func() bool { return isGuarded(t, api, "after") })
	for _, request := range s.Seen() {
		if strings.Contains(request, "/going") {
			t.Errorf("it was touched: %s", request)
		}
	}
}

func TestOneNamespaceThatRefusesDoesNotHoldUpTheOthers(t *testing.T) {
	s := k3stest.New(t)
	s.Admit = func(r k3stest.Request) *k3sapi.Error {
		if strings.Contains(r.Path, "/kube-public/networkpolicies") {
			return &k3sapi.Error{Code: http.StatusForbidden, Reason: "Forbidden", Message: "exceeded quota"}
		}
		return nil
	}
	api := keep(t, s)
	create(t, api, k3sapi.NewNamespace("web", nil))
	eventually(t, "web is guarded", func() bool { return isGuarded(t, api, "web") })
	if isGuarded(t, api, "kube-public") {
		t.Error("kube-public has its mark without policies")
	}
}

func TestWatchesSurvive(t *testing.T) {
	for name, trouble := range map[string]func(*k3stest.Server){
		"being cut":           (*k3stest.Server).Cut,
		"versions too old":    func(s *k3stest.Server) { s.Forget(); s.Cut() },
		"a server that lags":  func(s *k3stest.Server) { s.Slow(50 * time.Millisecond); s.Cut() },
		"being cut and again": func(s *k3stest.Server) { s.Cut(); s.Forget(); s.Cut() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := k3stest.New(t)
			api := keep(t, s)
			trouble(s)
			create(t, api, k3sapi.NewNamespace("web", nil))
			eventually(t, "web is guarded", func() bool { return isGuarded(t, api, "web") })
			trouble(s)
			create(t, api, k3sapi.NewNamespace("shop", nil))
			eventually(t, "shop is guarded", func() bool { return isGuarded(t, api, "shop") })
		})
	}
}

func TestAGuardedClusterIsOnlyLookedAt(t *testing.T) {
	s := k3stest.New(t)
	keep(t, s)
	before := len(s.Seen())
	keep(t, s)
	for _, request := range s.Seen()[before:] {
		if !strings.HasPrefix(request, http.MethodGet) {
			t.Errorf("the second keeper wrote: %s", request)
		}
	}
}

func TestAnAPIThatDoesNotAnswerIsWaitedFor(t *testing.T) {
	s := k3stest.New(t)
	access := s.Access(t)
	tries := 0
	ctx, cancel := context.WithCancel(t.Context())
	k := &keeper.Keeper{Connect: func() (*k3sapi.Client, error) {
		if tries++; tries < 3 {
			return nil, http.ErrServerClosed
		}
		return k3sapi.New(access)
	}}
	k.Run(ctx, cancel)
	if tries != 3 || !isGuarded(t, s.Client(t), "default") {
		t.Errorf("after %d tries default is guarded: %v", tries, isGuarded(t, s.Client(t), "default"))
	}
}
