package k3s

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

// The image of the pods that are tried. It is never pulled: no pod is made, and its registry cannot exist (RFC 2606).
const (
	repository = "registry.invalid/holm-probe"
	k3sImage   = repository + "@sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"
)

// wellMade is the pod that everything lets in. It does not say whether it wants a token: that is for its service
// account to say.
func wellMade() k3sapi.Pod {
	return k3sapi.Pod{
		Type:     k3sapi.Type{APIVersion: "v1", Kind: "Pod"},
		Metadata: k3sapi.Meta{Name: "probe"},
		Spec: k3sapi.PodSpec{
			SecurityContext: &k3sapi.PodSecurity{
				RunAsNonRoot: new(true), RunAsUser: new(int64(65532)),
				Seccomp: &k3sapi.Seccomp{Type: "RuntimeDefault"},
			},
			Containers: []k3sapi.Container{{
				Name: "main", Image: k3sImage,
				SecurityContext: &k3sapi.ContainerSecurity{
					AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
					Capabilities: &k3sapi.Capabilities{Drop: []string{"ALL"}},
				},
				VolumeMounts: []k3sapi.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
			}},
			Volumes: []k3sapi.Volume{{Name: "tmp", EmptyDir: &k3sapi.EmptyDir{}}},
		},
	}
}

// k3sTry is one request that has to be refused, and what came of it.
type k3sTry struct {
	what string
	err  error
}

// variant is the well-made pod with one thing wrong.
type variant struct {
	what  string
	spoil func(*k3sapi.PodSpec)
}

// admitAll tries the variants side by side.
func (r *k3sRun) admitAll(ctx context.Context, variants []variant) []k3sTry {
	tries := make([]k3sTry, len(variants))
	var all sync.WaitGroup
	for i, v := range variants {
		all.Go(func() {
			pod := wellMade()
			v.spoil(&pod.Spec)
			_, err := r.admit(ctx, pod)
			tries[i] = k3sTry{v.what, err}
		})
	}
	all.Wait()
	return tries
}

// k3sRefused passes when every try was refused with these words of the rule that has to refuse it. What another rule
// refuses proves nothing of this one.
func k3sRefused(tried, words string, tries []k3sTry) probe.Result {
	for _, t := range tries {
		if t.err == nil {
			return probe.Failed(tried, "%s: admitted", t.what)
		}
	}
	for _, t := range tries {
		if k3sapi.Code(t.err) == 0 || !strings.Contains(t.err.Error(), words) {
			return probe.Inconclusive(tried, "%s: not refused by %s: %s", t.what, words, short(t.err))
		}
	}
	return probe.Passed(tried, "%s", fmt.Sprintf("%d of %d refused: %s", len(tries), len(tries), short(tries[0].err)))
}
