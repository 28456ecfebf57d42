package keeper

import (
	"context"
	"net/http"

	"holm/guest/k3sapi"
)

// guard sets everything up in a namespace and marks it last. A namespace that has gone or is going is left alone.
func guard(ctx context.Context, api *k3sapi.Client, name string) error {
	var ns k3sapi.Namespace
	if err := api.Get(ctx, k3sapi.Named(k3sapi.Namespaces, name), &ns); err != nil {
		return unlessGone(err)
	}
	if ns.Metadata.DeletionTimestamp != nil {
		return nil
	}
	for _, policy := range Policies() {
		if err := put(ctx, api, name, policy); err != nil {
			return unlessGone(err)
		}
	}
	account := k3sapi.ServiceAccount{
		Type:     k3sapi.Type{APIVersion: "v1", Kind: "ServiceAccount"},
		Metadata: k3sapi.Meta{Name: "default"}, Automount: new(false),
	}
	if err := api.Apply(ctx, k3sapi.Named(k3sapi.In(name, "serviceaccounts"), "default"), account, nil); err != nil {
		return unlessGone(err)
	}
	if ns.Metadata.Labels[Label] == "true" {
		return nil
	}
	// With the uid: a namespace that was deleted and made again meanwhile has none of the above.
	mark := k3sapi.Object{Metadata: k3sapi.Meta{UID: ns.Metadata.UID, Labels: map[string]string{Label: "true"}}}
	return unlessGone(api.Merge(ctx, k3sapi.Named(k3sapi.Namespaces, name), mark, nil))
}

// put makes the policy exactly this one. It is replaced and not patched: a patch would leave what others have added.
func put(ctx context.Context, api *k3sapi.Client, namespace string, policy k3sapi.NetworkPolicy) error {
	collection := k3sapi.In(namespace, "networkpolicies")
	err := api.Create(ctx, collection, policy, nil)
	if k3sapi.Code(err) == http.StatusConflict {
		err = api.Replace(ctx, k3sapi.Named(collection, policy.Metadata.Name), policy, nil)
	}
	return err
}

func unlessGone(err error) error {
	if gone(err) {
		return nil
	}
	return err
}

// Policies are the network policies of every guarded namespace.
func Policies() []k3sapi.NetworkPolicy {
	dns := k3sapi.Peer{
		NamespaceSelector: k3sapi.Selector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": Exempt}},
		PodSelector:       k3sapi.Selector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
	}
	return []k3sapi.NetworkPolicy{
		k3sapi.NewNetworkPolicy(DefaultDeny, k3sapi.NetworkPolicySpec{PolicyTypes: []string{"Ingress", "Egress"}}),
		k3sapi.NewNetworkPolicy(AllowDNS, k3sapi.NetworkPolicySpec{
			PolicyTypes: []string{"Egress"},
			Egress: []k3sapi.EgressRule{{
				To:    []k3sapi.Peer{dns},
				Ports: []k3sapi.Port{{Protocol: "UDP", Port: 53}, {Protocol: "TCP", Port: 53}},
			}},
		}),
	}
}
