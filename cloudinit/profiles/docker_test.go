package profiles

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/unitfile"
)

func TestDockerdIsAskedForWhatBounds(t *testing.T) {
	var got map[string]any
	if err := json.Unmarshal(content(t, Docker, "/etc/holm/dockerd.json"), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"icc": false, "no-new-privileges": true, "userland-proxy": true} {
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	for _, key := range []string{"hosts", "seccomp-profile", "insecure-registries", "tls"} {
		if value, ok := got[key]; ok {
			t.Errorf("%s is %v: Docker's own default was meant", key, value)
		}
	}
}

func TestContainersAreBoundedBySystemd(t *testing.T) {
	u, err := unitfile.Parse(string(content(t, Docker, "/etc/systemd/user/docker-.scope.d/10-holm.conf")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(unitfile.File{"Scope": {{Name: "MemoryMax", Value: "75%"}, {Name: "TasksMax", Value: "512"}}}, u); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestModulesAreNamedOnceAndLocked(t *testing.T) {
	for profile, needs := range map[string][]string{
		Plain: {"nf_tables"}, Docker: {"nf_tables", "tun", "veth", "br_netfilter"}, K3s: {"nf_tables", "xt_set", "overlay"},
	} {
		var got modules
		if err := json.Unmarshal(content(t, profile, "/etc/holm/modules.json"), &got); err != nil {
			t.Fatal(err)
		}
		if !got.Lock || !slices.IsSorted(got.Load) || len(slices.Compact(slices.Clone(got.Load))) != len(got.Load) {
			t.Errorf("%s: %+v", profile, got)
		}
		for _, name := range needs {
			if !slices.Contains(got.Load, name) {
				t.Errorf("%s does not load %s", profile, name)
			}
		}
	}
}
