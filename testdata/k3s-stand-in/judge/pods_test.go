package judge

import (
	"context"
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	digest        = "registry.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	podSecurity   = `violates PodSecurity "restricted:latest"`
	digestPolicy  = "ValidatingAdmissionPolicy 'holm-digest'"
	guardedPolicy = "ValidatingAdmissionPolicy 'holm-guarded'"
	labelsPolicy  = "ValidatingAdmissionPolicy 'holm-labels'"
)

// wellMade is the pod that every rule lets pass; the others differ from it in one thing each.
func wellMade() *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{GenerateName: "judged-"},
		Spec: core.PodSpec{
			SecurityContext: &core.PodSecurityContext{
				RunAsNonRoot:   new(true),
				SeccompProfile: &core.SeccompProfile{Type: core.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []core.Container{{
				Name: "app", Image: digest,
				SecurityContext: &core.SecurityContext{
					AllowPrivilegeEscalation: new(false),
					ReadOnlyRootFilesystem:   new(true),
					Capabilities:             &core.Capabilities{Drop: []core.Capability{"ALL"}},
				},
				VolumeMounts: []core.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
			}},
			Volumes: []core.Volume{{Name: "tmp", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}}},
		},
	}
}

func podJudgements() []judgement {
	return []judgement{
		{"the well-made pod is admitted", func(ctx context.Context, n *node) error {
			_, err := n.admin.CoreV1().Pods(guarded).Create(ctx, wellMade(), meta.CreateOptions{})
			return err
		}},
		{"a pod of the exempt namespace may be anything", func(ctx context.Context, n *node) error {
			pod := wellMade()
			pod.Spec.HostNetwork, pod.Spec.SecurityContext, pod.Spec.Containers[0].Image = true, nil, "coredns:1.12"
			return n.try(ctx, "kube-system", pod)
		}},
		badPod("a pod as root is refused", func(p *core.Pod, c *core.Container) { p.Spec.SecurityContext.RunAsNonRoot = nil }),
		badPod("a pod with the user 0 is refused", func(p *core.Pod, c *core.Container) { c.SecurityContext.RunAsUser = new(int64(0)) }),
		badPod("a pod with a hostPath is refused", func(p *core.Pod, c *core.Container) {
			p.Spec.Volumes[0].VolumeSource = core.VolumeSource{HostPath: &core.HostPathVolumeSource{Path: "/"}}
		}),
		badPod("a pod in the host's network is refused", func(p *core.Pod, c *core.Container) { p.Spec.HostNetwork = true }),
		badPod("a pod among the host's processes is refused", func(p *core.Pod, c *core.Container) { p.Spec.HostPID = true }),
		badPod("a privileged pod is refused", func(p *core.Pod, c *core.Container) {
			c.SecurityContext.Privileged, c.SecurityContext.AllowPrivilegeEscalation = new(true), nil
		}),
		badPod("a pod with an added capability is refused", func(p *core.Pod, c *core.Container) {
			c.SecurityContext.Capabilities.Add = []core.Capability{"NET_RAW"}
		}),
		badPod("a pod that keeps its capabilities is refused", func(p *core.Pod, c *core.Container) { c.SecurityContext.Capabilities = nil }),
		badPod("a pod that may gain privileges is refused", func(p *core.Pod, c *core.Container) { c.SecurityContext.AllowPrivilegeEscalation = nil }),
		badPod("a pod without a seccomp profile is refused", func(p *core.Pod, c *core.Container) { p.Spec.SecurityContext.SeccompProfile = nil }),
	}
}

// badPod judges that Pod Security refuses the well-made pod once it is spoilt.
func badPod(name string, spoil func(*core.Pod, *core.Container)) judgement {
	return judgement{name, func(ctx context.Context, n *node) error {
		pod := wellMade()
		spoil(pod, &pod.Spec.Containers[0])
		return refused(n.try(ctx, guarded, pod), podSecurity)
	}}
}

// try asks for a pod without making it.
func (n *node) try(ctx context.Context, namespace string, pod *core.Pod) error {
	_, err := n.admin.CoreV1().Pods(namespace).Create(ctx, pod, meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
	return err
}

// refused wants the error to be a refusal by the rule, and by no other.
func refused(err error, by string) error {
	switch {
	case err == nil:
		return fmt.Errorf("admitted, where this was to refuse it: %s", by)
	case !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), by) || strings.Contains(err.Error(), "resulted in error"):
		return fmt.Errorf("refused, but not by: %s: %w", by, err)
	default:
		return nil
	}
}
