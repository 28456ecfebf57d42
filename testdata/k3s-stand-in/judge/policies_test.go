package judge

import (
	"context"
	"errors"
	"fmt"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const tagged = "registry.example/app:1.2"

func policyJudgements() []judgement {
	return []judgement{
		badImage("the image latest is refused", func(p *core.Pod) { p.Spec.Containers[0].Image = "registry.example/app:latest" }),
		badImage("an image with a tag alone is refused", func(p *core.Pod) { p.Spec.Containers[0].Image = tagged }),
		badImage("an image without a tag is refused", func(p *core.Pod) { p.Spec.Containers[0].Image = "app" }),
		badImage("an image with half a digest is refused", func(p *core.Pod) { p.Spec.Containers[0].Image = digest[:len(digest)-1] }),
		badImage("a first container without a digest is refused", func(p *core.Pod) {
			first := *p.Spec.Containers[0].DeepCopy()
			first.Name, first.Image = "first", tagged
			p.Spec.InitContainers = []core.Container{first}
		}),
		badImage("a second container without a digest is refused", func(p *core.Pod) {
			second := *p.Spec.Containers[0].DeepCopy()
			second.Name, second.Image = "second", tagged
			p.Spec.Containers = append(p.Spec.Containers, second)
		}),
		{"a debugging container without a digest is refused", debuggingContainer},
		{"a pod's new image without a digest is refused", newImage},
		{"a pod whose image is no longer allowed can still be changed otherwise", keptImage},
		{"an image without a digest is admitted where an administrator allows it", func(ctx context.Context, n *node) error {
			pod := wellMade()
			pod.Spec.Containers[0].Image = tagged
			return n.try(ctx, anyImage, pod)
		}},
		{"a pod in an unguarded namespace is refused", func(ctx context.Context, n *node) error {
			return refused(n.try(ctx, unguarded, wellMade()), guardedPolicy)
		}},
	}
}

func badImage(name string, spoil func(*core.Pod)) judgement {
	return judgement{name, func(ctx context.Context, n *node) error {
		pod := wellMade()
		spoil(pod)
		return refused(n.try(ctx, guarded, pod), digestPolicy)
	}}
}

// debuggingContainer judges the way into a pod that kubectl debug takes.
func debuggingContainer(ctx context.Context, n *node) error {
	pods := n.admin.CoreV1().Pods(guarded)
	pod, err := pods.Create(ctx, wellMade(), meta.CreateOptions{})
	if err != nil {
		return err
	}
	add := func(image string) error {
		changed := pod.DeepCopy()
		changed.Spec.EphemeralContainers = []core.EphemeralContainer{{EphemeralContainerCommon: core.EphemeralContainerCommon{
			Name: "debug", Image: image, SecurityContext: wellMade().Spec.Containers[0].SecurityContext,
			TerminationMessagePolicy: core.TerminationMessageReadFile, ImagePullPolicy: core.PullIfNotPresent,
		}}}
		_, err := pods.UpdateEphemeralContainers(ctx, pod.Name, changed, meta.UpdateOptions{DryRun: []string{meta.DryRunAll}})
		return err
	}
	if err := add(digest); err != nil {
		return fmt.Errorf("control: one with a digest: %w", err)
	}
	return refused(add(tagged), digestPolicy)
}

// newImage judges the change of an image; other changes pass.
func newImage(ctx context.Context, n *node) error {
	pods := n.admin.CoreV1().Pods(guarded)
	pod, err := pods.Create(ctx, wellMade(), meta.CreateOptions{})
	if err != nil {
		return err
	}
	pod.Labels = map[string]string{"changed": "yes"}
	if pod, err = pods.Update(ctx, pod, meta.UpdateOptions{}); err != nil {
		return fmt.Errorf("control: another label: %w", err)
	}
	pod.Spec.Containers[0].Image = tagged
	_, err = pods.Update(ctx, pod, meta.UpdateOptions{})
	return refused(err, digestPolicy)
}

// keptImage changes a pod after its namespace's opt-out was taken back.
func keptImage(ctx context.Context, n *node) error {
	pods := n.admin.CoreV1().Pods(takenBack)
	pod := wellMade()
	pod.Spec.Containers[0].Image = tagged
	pod, err := pods.Create(ctx, pod, meta.CreateOptions{})
	if err != nil {
		return fmt.Errorf("control: a pod while it is allowed: %w", err)
	}
	if err := n.setLabel(ctx, n.admin, takenBack, "holm.internal/any-image", nil); err != nil {
		return err
	}
	another := wellMade()
	another.Spec.Containers[0].Image = tagged
	// The API server's own picture of the namespace is a moment behind.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for n.try(ctx, takenBack, another) == nil {
		select {
		case <-ctx.Done():
			return errors.New("control: the label is gone, and without effect")
		case <-time.After(50 * time.Millisecond):
		}
	}
	pod.Labels = map[string]string{"changed": "yes"}
	_, err = pods.Update(ctx, pod, meta.UpdateOptions{})
	return err
}
