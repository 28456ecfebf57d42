package agent

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
	"holm/guest/keeper"
)

// node is a guest with k3s in its image.
func node(t *testing.T) *Agent {
	t.Helper()
	a := seeded(t)
	put(t, a.Root, k3sProgram, "", 0o755)
	tool(t, a.Root, "/usr/bin/systemctl", "")
	return a
}

func TestK3sIsSwitchedOn(t *testing.T) {
	a := node(t)
	put(t, a.Root, k3sImages+"/airgap.tar.zst", "layers", 0o644)
	put(t, a.Root, k3sServer+"/psa.yaml", "", 0o600) // cloud-init makes the folder 0755
	for range 2 {                                    // at each boot
		if err := a.startK3s(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for link, want := range map[string]string{
		k3sWants + "/k3s.service":      k3sUnit,
		k3sImports + "/airgap.tar.zst": k3sImages + "/airgap.tar.zst",
	} {
		if target, err := os.Readlink(a.path(link)); target != want {
			t.Errorf("%s leads to %q (%v), want %q", link, target, err, want)
		}
	}
	if info, err := os.Stat(a.path(k3sServer)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("k3s's folder has the mode %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat("../rootfs" + k3sUnit); err != nil {
		t.Errorf("the image has no such unit: %v", err)
	}
	start := "systemctl start --no-block k3s.service"
	if diff := cmp.Diff([]string{start, start}, ran(t, a)); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
}

func TestAnImageWithoutK3sIsNamedWithWhatBuildsOne(t *testing.T) {
	a := seeded(t)
	wantError(t, a.startK3s(t.Context()), "--k3s FILE")
	if ran(t, a) != nil || a.exists(k3sWants) {
		t.Errorf("it ran %v all the same", ran(t, a))
	}
}

func TestSystemdsRefusalIsReported(t *testing.T) {
	a := node(t)
	tool(t, a.Root, "/usr/bin/systemctl", "echo 'Unit k3s.service is masked.' >&2; exit 1")
	wantError(t, a.startK3s(t.Context()), "Unit k3s.service is masked.")
}

// An instance can get another image and keep its state.
func TestBundlesOfAnEarlierImageAreNoLongerOffered(t *testing.T) {
	a := node(t)
	put(t, a.Root, k3sImages+"/new.tar", "", 0o644)
	put(t, a.Root, k3sImports+"/of-the-owner.tar", "", 0o644)
	for name, target := range map[string]string{"old.tar": k3sImages + "/old.tar", "elsewhere.tar": "/srv/elsewhere.tar"} {
		if err := os.Symlink(target, a.path(k3sImports+"/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.offerImages(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(a.path(k3sImports))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, filepath.Base(e.Name()))
	}
	if diff := cmp.Diff([]string{"elsewhere.tar", "new.tar", "of-the-owner.tar"}, names); diff != "" {
		t.Errorf("offered (-want +got):\n%s", diff)
	}
}

// readied has the API say that it is ready.
func readied(t *testing.T, api *k3stest.Server) {
	t.Helper()
	said := k3sapi.Object{Metadata: k3sapi.Meta{Name: "readyz"}}
	if err := api.Client(t).Apply(t.Context(), "/readyz", said, nil); err != nil {
		t.Fatal(err)
	}
}

// admitted leaves the administrator's access where k3s does.
func admitted(t *testing.T, a *Agent, api *k3stest.Server) {
	t.Helper()
	file, err := api.Access(t).Kubeconfig("default")
	if err != nil {
		t.Fatal(err)
	}
	put(t, a.Root, k3sapi.Kubeconfig, string(file), 0o600)
}

func TestK3sIsReadyWhenItsNamespacesAreGuarded(t *testing.T) {
	api, a := k3stest.New(t), node(t)
	done := make(chan error, 1)
	go func() { done <- a.awaitK3s(t.Context(), t.Context()) }()
	admitted(t, a, api)
	for !slices.Contains(api.Seen(), "GET /readyz") {
		select {
		case err := <-done:
			t.Fatalf("it did not wait for the API (%v)", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if slices.Contains(api.Seen(), "GET "+k3sapi.Namespaces) {
		t.Error("the keeper did not wait for the API")
	}
	readied(t, api)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"default", "kube-public"} {
		var ns k3sapi.Namespace
		if err := api.Client(t).Get(t.Context(), k3sapi.Named(k3sapi.Namespaces, name), &ns); err != nil {
			t.Fatal(err)
		}
		if ns.Metadata.Labels[keeper.Label] != "true" {
			t.Errorf("namespace %s is not guarded: %v", name, ns.Metadata.Labels)
		}
	}
}

func TestAK3sThatDoesNotComeUpSaysWhy(t *testing.T) {
	t.Run("it wrote no kubeconfig", func(t *testing.T) {
		wantError(t, node(t).awaitK3s(t.Context(), ended(t)), "k3s is not ready: open ")
	})
	t.Run("it wrote rubbish", func(t *testing.T) {
		a := node(t)
		put(t, a.Root, k3sapi.Kubeconfig, "apiVersion: v0", 0o600)
		wantError(t, a.awaitK3s(t.Context(), ended(t)), "k3s is not ready: ")
	})
}
