package profiles

// The labels of a namespace that the policies know.
const (
	// guardedLabel says that the namespace has its network policies and a service account without a token.
	guardedLabel = "holm.internal/guarded"
	// anyImageLabel lets a namespace's pods name their images as they like.
	anyImageLabel = "holm.internal/any-image"
)

// notExempt leaves out the namespace of k3s's own pods.
func notExempt() []expression {
	return []expression{{"not-exempt", "request.namespace != '" + exemptNamespace + "'"}}
}

// digestPolicy refuses images without a digest: what a tag means is for the registry to say, and it may say something
// else tomorrow. A pod keeps the images it has, or a label taken back would leave pods that nothing can finalize.
func digestPolicy() policy {
	return newPolicy("holm-digest", []string{"pods", "pods/ephemeralcontainers"}, []string{"CREATE", "UPDATE"}, policySpec{
		MatchConditions: notExempt(),
		Variables: []expression{
			{"images", imagesOf("object")},
			{"before", "oldObject == null ? [] : " + imagesOf("oldObject")},
			{"undigested", "variables.images.filter(i, !(i in variables.before) && !i.matches('^[^@ ]+@sha256:[0-9a-f]{64}$'))"},
		},
		// A match condition knows nothing of the namespace, so the opt-out stands here.
		Validations: []validation{{
			Expression:        "variables.undigested.size() == 0 || " + label(anyImageLabel) + " == 'allow'",
			Message:           "holm: name every image by its digest, NAME@sha256:...",
			MessageExpression: "'holm: name every image by its digest, NAME@sha256:...: not so ' + variables.undigested.join(', ')",
			Reason:            "Forbidden",
		}},
	})
}

// label is the value of a label of the namespace that the request is about, ” for none.
func label(name string) string {
	return "namespaceObject.metadata.?labels[?'" + name + "'].orValue('')"
}

// imagesOf lists every image that a pod names: in its containers of each kind, and in its volumes.
func imagesOf(pod string) string {
	spec := pod + ".spec"
	return spec + ".containers.map(c, c.?image.orValue(''))" +
		" + " + spec + ".?initContainers.orValue([]).map(c, c.?image.orValue(''))" +
		" + " + spec + ".?ephemeralContainers.orValue([]).map(c, c.?image.orValue(''))" +
		" + " + spec + ".?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue(''))"
}

// guardedPolicy refuses pods where the network policies are not yet: a namespace is open from its making until they
// come, and a pod must not be faster.
func guardedPolicy() policy {
	return newPolicy("holm-guarded", []string{"pods"}, []string{"CREATE"}, policySpec{
		MatchConditions: notExempt(),
		Validations: []validation{{
			Expression: label(guardedLabel) + " == 'true'",
			Message:    "holm: this namespace has no network policies yet: try again in a moment",
			Reason:     "Forbidden",
		}},
	})
}

// labelsPolicy keeps the labels that loosen the other rules, and those of Pod Security, for administrators. A change of
// anything else passes, so that the namespaces' own controller needs no exception.
func labelsPolicy() policy {
	resources := []string{"namespaces", "namespaces/status", "namespaces/finalize"}
	return newPolicy("holm-labels", resources, []string{"CREATE", "UPDATE"}, policySpec{
		MatchConditions: []expression{{"not-an-admin", "!('system:masters' in request.userInfo.?groups.orValue([]))"}},
		Variables: []expression{
			{"after", "object.metadata.?labels.orValue({})"},
			{"before", "oldObject == null ? {} : oldObject.metadata.?labels.orValue({})"},
			{"keys", "(variables.after.map(k, k) + variables.before.map(k, k))" +
				".filter(k, k.startsWith('holm.internal/') || k.startsWith('pod-security.kubernetes.io/'))"},
		},
		Validations: []validation{{
			Expression: "variables.keys.all(k, k in variables.after && k in variables.before && variables.after[k] == variables.before[k])",
			Message:    "holm: only administrators set, change or remove the labels holm.internal/* and pod-security.kubernetes.io/* of a namespace",
			Reason:     "Forbidden",
		}},
	})
}
