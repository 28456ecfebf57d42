package profiles

// policy is a ValidatingAdmissionPolicy: rules in CEL that the API server itself enforces, with no webhook that could
// be down.
type policy struct {
	kubeMeta
	Metadata objectMeta `json:"metadata"`
	Spec     policySpec `json:"spec"`
}

type objectMeta struct {
	Name string `json:"name"`
}

type policySpec struct {
	FailurePolicy    string           `json:"failurePolicy"`
	MatchConstraints matchConstraints `json:"matchConstraints"`
	MatchConditions  []expression     `json:"matchConditions,omitempty"`
	Variables        []expression     `json:"variables,omitempty"`
	Validations      []validation     `json:"validations"`
}

type matchConstraints struct {
	ResourceRules []resourceRule `json:"resourceRules"`
}

type resourceRule struct {
	APIGroups   []string `json:"apiGroups"`
	APIVersions []string `json:"apiVersions"`
	Operations  []string `json:"operations"`
	Resources   []string `json:"resources"`
}

type expression struct {
	Name       string `json:"name"`
	Expression string `json:"expression"`
}

type validation struct {
	Expression        string `json:"expression"`
	Message           string `json:"message"`
	MessageExpression string `json:"messageExpression,omitempty"`
	Reason            string `json:"reason"`
}

// policyBinding puts a policy into force; without one it does nothing.
type policyBinding struct {
	kubeMeta
	Metadata objectMeta        `json:"metadata"`
	Spec     policyBindingSpec `json:"spec"`
}

type policyBindingSpec struct {
	PolicyName        string   `json:"policyName"`
	ValidationActions []string `json:"validationActions"`
}

const admissionGroup = "admissionregistration.k8s.io/v1"

// newPolicy makes a policy that refuses what it cannot judge.
func newPolicy(name string, resources, operations []string, spec policySpec) policy {
	spec.FailurePolicy = "Fail"
	spec.MatchConstraints.ResourceRules = []resourceRule{{
		APIGroups: []string{""}, APIVersions: []string{"*"}, Operations: operations, Resources: resources,
	}}
	return policy{
		kubeMeta: kubeMeta{admissionGroup, "ValidatingAdmissionPolicy"},
		Metadata: objectMeta{name},
		Spec:     spec,
	}
}

// encode returns the policy, and the binding that puts it into force everywhere, as one manifest.
func (p policy) encode() ([]byte, error) {
	text, err := encodeKube(p)
	if err != nil {
		return nil, err
	}
	binding, err := encodeKube(policyBinding{
		kubeMeta: kubeMeta{admissionGroup, "ValidatingAdmissionPolicyBinding"},
		Metadata: p.Metadata,
		Spec:     policyBindingSpec{PolicyName: p.Metadata.Name, ValidationActions: []string{"Deny", "Audit"}},
	})
	if err != nil {
		return nil, err
	}
	return joinDocuments(text, binding), nil
}
