package keeper

import (
	"context"
	"encoding/json"
	"reflect"

	"holm/guest/k3sapi"
)

// Policy is a network policy whose spec is kept as it came, so that what is not known here counts as a difference.
type Policy struct {
	Metadata k3sapi.Meta     `json:"metadata"`
	Spec     json.RawMessage `json:"spec"`
}

// AsWanted tells whether it is one of the keeper's own policies, word for word.
func (p Policy) AsWanted() bool {
	for _, want := range Policies() {
		if want.Metadata.Name == p.Metadata.Name {
			return sameJSON(want.Spec, p.Spec)
		}
	}
	return false
}

// ours tells whether the policy's name is one of the keeper's.
func ours(name string) bool { return name == DefaultDeny || name == AllowDNS }

func sameJSON(want any, got json.RawMessage) bool {
	data, err := json.Marshal(want)
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(data, &a) == nil && json.Unmarshal(got, &b) == nil && reflect.DeepEqual(a, b)
}

// state is what was there when a round began.
type state struct {
	namespaces []k3sapi.Namespace
	right      map[string]int    // namespace → how many of the things in it are as they should be
	versions   map[string]string // path of a collection → its resource version
}

// things is how many there are to be right in a namespace: the policies and the service account.
func things() int { return len(Policies()) + 1 }

// look reads the three collections that matter.
func look(ctx context.Context, api *k3sapi.Client) (state, error) {
	var (
		namespaces k3sapi.List[k3sapi.Namespace]
		policies   k3sapi.List[Policy]
		accounts   k3sapi.List[k3sapi.ServiceAccount]
	)
	s := state{right: map[string]int{}, versions: map[string]string{}}
	for path, list := range map[string]any{
		k3sapi.Namespaces: &namespaces, k3sapi.NetworkPolicies: &policies, defaultAccounts(): &accounts,
	} {
		if err := api.Get(ctx, path, list); err != nil {
			return s, err
		}
	}
	s.versions[k3sapi.Namespaces] = namespaces.Metadata.ResourceVersion
	s.versions[k3sapi.NetworkPolicies] = policies.Metadata.ResourceVersion
	s.versions[defaultAccounts()] = accounts.Metadata.ResourceVersion
	s.namespaces = namespaces.Items
	for _, p := range policies.Items {
		if p.AsWanted() {
			s.right[p.Metadata.Namespace]++
		}
	}
	for _, a := range accounts.Items {
		if tokenless(a) {
			s.right[a.Metadata.Namespace]++
		}
	}
	return s, nil
}

// tokenless tells whether pods of the service account get no token for the API by themselves.
func tokenless(a k3sapi.ServiceAccount) bool { return a.Automount != nil && !*a.Automount }

// guarded tells whether a namespace needs nothing.
func (s state) guarded(ns k3sapi.Namespace) bool {
	return ns.Metadata.Labels[Label] == "true" && s.right[ns.Metadata.Name] == things()
}
