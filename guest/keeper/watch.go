package keeper

import (
	"context"
	"encoding/json"

	"holm/guest/k3sapi"
)

// event is a namespace in which something may have to be put right.
type event struct {
	namespace string
	uid       string // of the namespace, when it is the namespace that changed
	going     bool   // the namespace is being deleted, or has been
	marked    bool   // it has its mark
}

// watch is one collection whose changes matter. read tells what a change means; false when it means nothing.
type watch struct {
	path string
	read func(k3sapi.Event) (event, bool, error)
}

func watched() []watch {
	return []watch{{k3sapi.Namespaces, readNamespace}, {k3sapi.NetworkPolicies, readPolicy}, {defaultAccounts(), readAccount}}
}

// defaultAccounts is the collection of the service accounts "default" of all namespaces.
func defaultAccounts() string {
	return k3sapi.ServiceAccounts + "?fieldSelector=metadata.name%3Ddefault"
}

// follow hands on what matters until the watch ends.
func (w watch) follow(ctx context.Context, api *k3sapi.Client, version string, to chan<- event) error {
	return api.Watch(ctx, w.path, version, lookAnew, func(e k3sapi.Event) error {
		what, matters, err := w.read(e)
		if err != nil || !matters || what.namespace == Exempt {
			return err
		}
		select {
		case to <- what:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func readNamespace(e k3sapi.Event) (event, bool, error) {
	var ns k3sapi.Namespace
	err := json.Unmarshal(e.Object, &ns)
	return ofNamespace(ns, e.Type == k3sapi.Deleted), true, err
}

func ofNamespace(ns k3sapi.Namespace, deleted bool) event {
	return event{
		namespace: ns.Metadata.Name, uid: ns.Metadata.UID,
		going: deleted || ns.Metadata.DeletionTimestamp != nil, marked: ns.Metadata.Labels[Label] == "true",
	}
}

func readPolicy(e k3sapi.Event) (event, bool, error) {
	var p Policy
	err := json.Unmarshal(e.Object, &p)
	wrong := ours(p.Metadata.Name) && (e.Type == k3sapi.Deleted || !p.AsWanted())
	return event{namespace: p.Metadata.Namespace}, wrong, err
}

func readAccount(e k3sapi.Event) (event, bool, error) {
	var a k3sapi.ServiceAccount
	err := json.Unmarshal(e.Object, &a)
	wrong := a.Metadata.Name == "default" && (e.Type == k3sapi.Deleted || !tokenless(a))
	return event{namespace: a.Metadata.Namespace}, wrong, err
}
