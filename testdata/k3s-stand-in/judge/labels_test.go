package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// setLabel sets a label of a namespace, or with nil removes it, perhaps by way of a subresource.
func (n *node) setLabel(ctx context.Context, c kubernetes.Interface, namespace, key string, value any, subresource ...string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{key: value}}})
	if err != nil {
		return err
	}
	_, err = c.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, patch, meta.PatchOptions{}, subresource...)
	return err
}

func labelJudgements() []judgement {
	return []judgement{
		{"an editor of namespaces cannot make one with a label of ours", func(ctx context.Context, n *node) error {
			return n.makesNamespace(ctx, "holm.internal/any-image", "allow")
		}},
		{"an editor of namespaces cannot make one that Pod Security leaves alone", func(ctx context.Context, n *node) error {
			return n.makesNamespace(ctx, "pod-security.kubernetes.io/enforce", "privileged")
		}},
		{"an editor of namespaces cannot opt one out of digests", func(ctx context.Context, n *node) error {
			return n.labels(ctx, "holm.internal/any-image", "allow")
		}},
		{"an editor of namespaces cannot say that one is guarded", func(ctx context.Context, n *node) error {
			return n.labels(ctx, "holm.internal/guarded", "false")
		}},
		{"an editor of namespaces cannot take a label away", func(ctx context.Context, n *node) error {
			return n.labels(ctx, "holm.internal/guarded", nil)
		}},
		{"an editor of namespaces cannot loosen Pod Security", func(ctx context.Context, n *node) error {
			return n.labels(ctx, "pod-security.kubernetes.io/enforce", "privileged")
		}},
		{"an editor of namespaces cannot do it by way of their status", func(ctx context.Context, n *node) error {
			return n.labels(ctx, "holm.internal/any-image", "allow", "status")
		}},
		{"an editor of namespaces cannot do it by way of their finalizers", finalizes},
		{"an administrator changes the labels", func(ctx context.Context, n *node) error {
			return errors.Join(
				n.setLabel(ctx, n.admin, guarded, "pod-security.kubernetes.io/warn", "baseline"),
				n.setLabel(ctx, n.admin, guarded, "pod-security.kubernetes.io/warn", nil))
		}},
	}
}

// labels judges that the editor cannot set the label on the guarded namespace, but another one, the same way.
func (n *node) labels(ctx context.Context, key string, value any, subresource ...string) error {
	eve, err := n.asEditor()
	if err != nil {
		return err
	}
	if err := n.setLabel(ctx, eve, guarded, "team", "judges", subresource...); err != nil {
		return fmt.Errorf("control: another label: %w", err)
	}
	before, err := n.admin.CoreV1().Namespaces().Get(ctx, guarded, meta.GetOptions{})
	if err != nil {
		return err
	}
	verdict := refused(n.setLabel(ctx, eve, guarded, key, value, subresource...), labelsPolicy)
	// Where the rule was broken, the judgements that follow shall not suffer from it.
	var was any
	if old, ok := before.Labels[key]; ok {
		was = old
	}
	return errors.Join(verdict, n.setLabel(ctx, n.admin, guarded, key, was))
}

func (n *node) makesNamespace(ctx context.Context, key, value string) error {
	eve, err := n.asEditor()
	if err != nil {
		return err
	}
	dry := meta.CreateOptions{DryRun: []string{meta.DryRunAll}}
	space := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: "judged-new", Labels: map[string]string{"team": "judges"}}}
	if _, err := eve.CoreV1().Namespaces().Create(ctx, space, dry); err != nil {
		return fmt.Errorf("control: one with another label: %w", err)
	}
	space.Labels = map[string]string{key: value}
	_, err = eve.CoreV1().Namespaces().Create(ctx, space, dry)
	return refused(err, labelsPolicy)
}

// finalizes judges the subresource by which a namespace's end is confirmed: it takes labels along.
func finalizes(ctx context.Context, n *node) error {
	eve, err := n.asEditor()
	if err != nil {
		return err
	}
	const name = "judged-finalized"
	space := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name}}
	if space, err = n.admin.CoreV1().Namespaces().Create(ctx, space, meta.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	space.Labels["team"] = "judges"
	if space, err = eve.CoreV1().Namespaces().Finalize(ctx, space, meta.UpdateOptions{}); err != nil {
		return fmt.Errorf("control: another label: %w", err)
	}
	space.Labels["holm.internal/any-image"] = "allow"
	_, err = eve.CoreV1().Namespaces().Finalize(ctx, space, meta.UpdateOptions{})
	return refused(err, labelsPolicy)
}
