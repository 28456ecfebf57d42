//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"holm/guest/k3sapi"
)

// needStandIn is the program that is baked in as k3s: not k3s, but its API server and etcd (testdata/k3s-stand-in).
func needStandIn(t *testing.T) (file, sum string) {
	t.Helper()
	file = os.Getenv("HOLM_K3S_STAND_IN")
	if file == "" {
		file = "../bin/k3s-stand-in"
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("there is no stand-in for k3s: make k3s-stand-in (%v)", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return file, hex.EncodeToString(h.Sum(nil))
}

// One guest, one story: it is dear to boot, and what is broken last is not mended.
func TestK3s(t *testing.T) {
	thorough(t)
	const name = prefix + "k3s"
	tidy(t, name)
	t.Run("without an image that has it, it is refused with what to do", func(t *testing.T) {
		refusal{code: 9, says: "profile k3s needs an image with k3s in it"}.check(t, holm("create", name, "--profile", "k3s"))
	})
	file, sum := needStandIn(t)
	t.Run("what is not what it should be is not baked in", func(t *testing.T) {
		refusal{code: 8, says: "has the SHA-256 " + sum}.check(t,
			holm("image", "build", "--k3s", file, "--k3s-sha256", strings.Repeat("0", 64)))
	})
	built := strings.TrimSpace(holm("image", "build", "--k3s", file, "--k3s-sha256", sum, "-o", "name").must(t))
	t.Cleanup(func() {
		if o := holm("image", "rm", "--yes", built).do(context.Background()); o.code != 0 {
			t.Errorf("remove the image: %s", o.stderr)
		}
	})
	holm("create", name, "--profile", "k3s").must(t)
	t.Cleanup(func() { holm("rm", "--yes", name).do(context.Background()) }) // before its image

	t.Run("it holds", func(t *testing.T) { holding(t, verify(t, name)) })
	api := kubeconfig(t, name)
	t.Run("its kubeconfig works, and works for nobody without it", func(t *testing.T) {
		if err := api.Get(t.Context(), "/readyz", nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("a namespace of tomorrow is guarded", func(t *testing.T) { testLateNamespace(t, api) })
	t.Run("sabotage", func(t *testing.T) { testK3sSabotage(t, name, api) })
}

// kubeconfig is the API as "holm kubeconfig" lets one reach it.
func kubeconfig(t *testing.T, name string) *k3sapi.Client {
	t.Helper()
	access, err := k3sapi.ParseKubeconfig([]byte(holm("kubeconfig", name).must(t)))
	if err != nil {
		t.Fatal(err)
	}
	client, err := k3sapi.New(access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func testLateNamespace(t *testing.T, api *k3sapi.Client) {
	ctx := t.Context()
	if err := api.Create(ctx, "/api/v1/namespaces", k3sapi.NewNamespace("tomorrow", nil), nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace's policies", func() error {
		for _, policy := range []string{"holm-default-deny", "holm-allow-dns"} {
			if err := api.Get(ctx, "/apis/networking.k8s.io/v1/namespaces/tomorrow/networkpolicies/"+policy, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// eventually waits for what somebody else does soon.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(time.Second):
		}
	}
}

// testK3sSabotage turns the cluster into what it would be without the profile, and leaves it so.
func testK3sSabotage(t *testing.T, name string, api *k3sapi.Client) {
	const server = "/var/lib/rancher/k3s/server"
	// The store goes, too: what was encrypted in it could not be read without the key.
	asRoot(t, name, "systemctl stop k3s; rm -r "+server+"/db "+server+"/manifests/holm-*.yaml; sed -i s/restricted/baseline/ "+server+"/psa.yaml; "+
		"sed -i s/Metadata/None/ "+server+"/audit.yaml; "+
		"sed -i -e s/anonymous-auth=false/anonymous-auth=true/ -e s/VersionTLS12/VersionTLS10/ -e /tls-cipher-suites/d "+
		"-e 's/secrets-encryption: true/secrets-encryption: false/' /etc/rancher/k3s/config.yaml; "+
		"systemctl start --no-block k3s")
	eventually(t, "k3s is ready again", func() error { return api.Get(t.Context(), "/readyz", nil) })
	outcomes := verify(t, name)
	for _, id := range []string{
		"k3s-pss", "k3s-digest", "k3s-labels", "k3s-guarded", "k3s-secrets", "k3s-audit", "k3s-anonymous", "k3s-tls",
	} {
		t.Run(id, func(t *testing.T) {
			if !strings.HasPrefix(outcomes[id], "fail: ") {
				t.Errorf("it is %q", outcomes[id])
			}
		})
	}
}
