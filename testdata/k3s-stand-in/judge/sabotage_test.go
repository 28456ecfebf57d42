package judge

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/cloudinit/profiles"
)

// sabotage breaks promises of the profile, and names the judgements, and the guest's own checks, that have to notice:
// these and no others.
type sabotage struct {
	name   string
	breaks []change
	caught []string
	checks []string
}

// change is one place of one file. An empty old text stands for the whole file, which is then taken away.
type change struct{ path, old, new string }

const (
	configPath = "/etc/rancher/k3s/config.yaml"
	serverDir  = "/var/lib/rancher/k3s/server/"
	digestPath = serverDir + "manifests/holm-digest.yaml"
	guardPath  = serverDir + "manifests/holm-guarded.yaml"
	labelsPath = serverDir + "manifests/holm-labels.yaml"
)

func sabotages() []sabotage {
	return []sabotage{
		{
			name:   "Pod Security enforces baseline",
			breaks: []change{{serverDir + "psa.yaml", "enforce: restricted", "enforce: baseline"}},
			caught: spoiltPods(),
			checks: []string{"k3s-pss"},
		},
		{
			name:   "there is no policy",
			breaks: []change{{path: digestPath}, {path: guardPath}, {path: labelsPath}},
			caught: append(spoiltImages(),
				"a debugging container without a digest is refused",
				"a pod's new image without a digest is refused",
				"a pod whose image is no longer allowed can still be changed otherwise", // its control notices
				"a pod in an unguarded namespace is refused",
				"an editor of namespaces cannot make one with a label of ours",
				"an editor of namespaces cannot make one that Pod Security leaves alone",
				"an editor of namespaces cannot opt one out of digests",
				"an editor of namespaces cannot say that one is guarded",
				"an editor of namespaces cannot take a label away",
				"an editor of namespaces cannot loosen Pod Security",
				"an editor of namespaces cannot do it by way of their status",
				"an editor of namespaces cannot do it by way of their finalizers",
			),
			checks: []string{"k3s-digest", "k3s-guarded", "k3s-labels"},
		},
		{
			name: "the policies forget the side doors, and the audit log says too much",
			breaks: []change{
				{digestPath, "      - pods/ephemeralcontainers\n", ""},
				{digestPath, "      - UPDATE\n", ""},
				{labelsPath, "      - namespaces/status\n", ""},
				{labelsPath, "      - namespaces/finalize\n", ""},
				{serverDir + "audit.yaml", "level: Metadata", "level: RequestResponse"},
			},
			caught: []string{
				"a debugging container without a digest is refused",
				"a pod's new image without a digest is refused",
				"an editor of namespaces cannot do it by way of their status",
				"an editor of namespaces cannot do it by way of their finalizers",
				"the audit log names who did what",
				"the audit log holds no secret",
			},
			checks: []string{"k3s-labels", "k3s-audit"},
		},
		{
			name: "the API server is left as it comes",
			breaks: []change{
				{configPath, "secrets-encryption: true", "secrets-encryption: false"},
				{configPath, "anonymous-auth=false", "anonymous-auth=true"},
				{configPath, ",EventRateLimit,DenyServiceExternalIPs", ""},
				{configPath, "tls-min-version=VersionTLS12", "tls-min-version=VersionTLS10"},
				{configPath, "tls-cipher-suites=TLS_", "tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,TLS_"},
				{configPath, "- 10.77.0.12\n", ""},
				{configPath, "node-ip: 10.77.0.12", "node-ip: 10.77.0.13"},
				{serverDir + "audit.yaml", "rules:\n", "rules:\n- level: None\n"},
			},
			caught: []string{
				"secrets lie encrypted in etcd",
				"the audit log names who did what",
				"the audit log holds no secret", // its control notices
				"a flood of events is stopped",
				"a service that catches others' addresses is refused",
				"nobody in particular gets nothing",
				"TLS 1.1 is refused",
				"a weak suite is refused",
				"the certificate is for the instance's name and address",
			},
			checks: []string{"k3s-secrets", "k3s-audit", "k3s-anonymous", "k3s-tls"},
		},
	}
}

func spoiltPods() []string {
	return []string{
		"a pod as root is refused",
		"a pod with the user 0 is refused",
		"a pod with a hostPath is refused",
		"a pod in the host's network is refused",
		"a pod among the host's processes is refused",
		"a privileged pod is refused",
		"a pod with an added capability is refused",
		"a pod that keeps its capabilities is refused",
		"a pod that may gain privileges is refused",
		"a pod without a seccomp profile is refused",
	}
}

func spoiltImages() []string {
	return []string{
		"the image latest is refused",
		"an image with a tag alone is refused",
		"an image without a tag is refused",
		"an image with half a digest is refused",
		"a first container without a digest is refused",
		"a second container without a digest is refused",
	}
}

func TestTheJudgeNoticesSabotage(t *testing.T) {
	for _, s := range sabotages() {
		t.Run(s.name, func(t *testing.T) {
			files := profileFiles(t)
			for _, c := range s.breaks {
				files = c.apply(t, files)
			}
			n := start(t, files)
			var caught []string
			for _, j := range judgements() {
				if err := j.judge(t, n); err != nil {
					t.Logf("%s: %v", j.name, err)
					caught = append(caught, j.name)
				}
			}
			inAnyOrder := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			if diff := cmp.Diff(s.caught, caught, inAnyOrder); diff != "" {
				t.Errorf("-to be noticed +noticed:\n%s", diff)
			}
			n.keep(t)
			if diff := cmp.Diff(s.checks, n.checks(t), inAnyOrder); diff != "" {
				t.Errorf("by the guest's own checks: -to be noticed +noticed:\n%s", diff)
			}
		})
	}
}

func TestEveryJudgementIsSeenToFail(t *testing.T) {
	// These are controls: what they ask for is admitted with and without the profile.
	seen := []string{
		"the well-made pod is admitted",
		"a pod of the exempt namespace may be anything",
		"an image without a digest is admitted where an administrator allows it",
		"an administrator changes the labels",
	}
	for _, s := range sabotages() {
		seen = append(seen, s.caught...)
	}
	for _, j := range judgements() {
		if !slices.Contains(seen, j.name) {
			t.Errorf("no sabotage makes it fail: %s", j.name)
		}
	}
}

func (c change) apply(t *testing.T, files []profiles.File) []profiles.File {
	t.Helper()
	at := slices.IndexFunc(files, func(f profiles.File) bool { return f.Path == c.path })
	if at < 0 || !bytes.Contains(files[at].Content, []byte(c.old)) {
		t.Fatalf("there is no %q in %s to be broken", c.old, c.path)
	}
	if c.old == "" {
		return slices.Delete(files, at, at+1)
	}
	files[at].Content = bytes.ReplaceAll(files[at].Content, []byte(c.old), []byte(c.new))
	return files
}
