package judge

import (
	"context"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What the judgements find: a namespace that is guarded, one that is not, one where images are named as one likes, and
// a user who may do anything to namespaces but is no administrator.
const (
	guarded   = "judged-guarded"
	unguarded = "judged-unguarded"
	anyImage  = "judged-any-image"
	takenBack = "judged-taken-back" // allowed to name images as one likes, at first
	editor    = "eve"
)

// furnish does by hand what the agent's keeper and Kubernetes' controllers would do.
func furnish(t *testing.T, n *node) {
	t.Helper()
	for name, labels := range map[string]map[string]string{
		guarded:   {"holm.internal/guarded": "true"},
		unguarded: nil,
		anyImage:  {"holm.internal/guarded": "true", "holm.internal/any-image": "allow"},
		takenBack: {"holm.internal/guarded": "true", "holm.internal/any-image": "allow"},
	} {
		ns := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name, Labels: labels}}
		if _, err := n.admin.CoreV1().Namespaces().Create(t.Context(), ns, meta.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{guarded, unguarded, anyImage, takenBack, "kube-system"} {
		account := &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{Name: "default"}, AutomountServiceAccountToken: new(false)}
		if _, err := n.admin.CoreV1().ServiceAccounts(name).Create(t.Context(), account, meta.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	allowEditor(t, n)
	awaitPolicies(t, n)
}

func allowEditor(t *testing.T, n *node) {
	t.Helper()
	role := &rbac.ClusterRole{
		ObjectMeta: meta.ObjectMeta{Name: "judged-editor"},
		Rules: []rbac.PolicyRule{{
			APIGroups: []string{""}, Verbs: []string{"*"},
			Resources: []string{"namespaces", "namespaces/status", "namespaces/finalize", "configmaps", "secrets"},
		}},
	}
	if _, err := n.admin.RbacV1().ClusterRoles().Create(t.Context(), role, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbac.ClusterRoleBinding{
		ObjectMeta: meta.ObjectMeta{Name: "judged-editor"},
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "judged-editor"},
		Subjects:   []rbac.Subject{{Kind: rbac.UserKind, APIGroup: rbac.GroupName, Name: editor}},
	}
	if _, err := n.admin.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// awaitPolicies waits until the admission policies are in force: the API server looks for new ones once a second. A
// policy that comes after all the others, and refuses one name, tells.
func awaitPolicies(t *testing.T, n *node) {
	t.Helper()
	const last = "judged-last"
	policy := &admission.ValidatingAdmissionPolicy{
		ObjectMeta: meta.ObjectMeta{Name: last},
		Spec: admission.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admission.MatchResources{ResourceRules: []admission.NamedRuleWithOperations{{
				RuleWithOperations: admission.RuleWithOperations{
					Operations: []admission.OperationType{admission.Create},
					Rule:       admission.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
				},
			}}},
			Validations: []admission.Validation{{Expression: "object.metadata.name != '" + last + "'"}},
		},
	}
	if _, err := n.admin.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(t.Context(), policy, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &admission.ValidatingAdmissionPolicyBinding{
		ObjectMeta: meta.ObjectMeta{Name: last},
		Spec: admission.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: last, ValidationActions: []admission.ValidationAction{admission.Deny},
		},
	}
	if _, err := n.admin.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(t.Context(), binding, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		probe := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: last}}
		_, err := n.admin.CoreV1().ConfigMaps(guarded).Create(ctx, probe, meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
		if apierrors.IsInvalid(err) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
			t.Fatal("the admission policies are not in force after a minute")
		case <-time.After(100 * time.Millisecond):
		}
	}
}
