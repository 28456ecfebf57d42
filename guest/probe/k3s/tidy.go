package k3s

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"holm/guest/k3sapi"
)

// stuck is after how long a namespace that is being deleted is helped along.
const stuck = 30 * time.Second

// tidy removes what the run made. What cannot be removed now is by the sweep of the next run: it has the label.
func (r *k3sRun) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTime)
	defer cancel()
	var all sync.WaitGroup
	for _, collection := range []string{k3sapi.ClusterRoleBindings, k3sapi.ClusterRoles, k3sapi.Namespaces} {
		all.Go(func() { _ = r.api.Delete(ctx, k3sapi.Named(collection, r.name)) })
	}
	all.Wait()
}

// sweep removes what earlier runs left.
func (r *k3sRun) sweep(ctx context.Context) error {
	for _, collection := range []string{k3sapi.ClusterRoleBindings, k3sapi.ClusterRoles, k3sapi.Namespaces} {
		var found k3sapi.List[k3sapi.Object]
		if err := r.api.Get(ctx, k3sapi.Labelled(collection, k3sLabel), &found); err != nil {
			return err
		}
		for _, o := range found.Items {
			deleted := o.Metadata.DeletionTimestamp
			switch {
			case deleted == nil:
				if err := unlessGone(r.api.Delete(ctx, k3sapi.Named(collection, o.Metadata.Name))); err != nil {
					return err
				}
			case collection == k3sapi.Namespaces && time.Since(*deleted) > stuck:
				if err := unlessGone(r.finalize(ctx, o.Metadata)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// finalize does the namespace controller's work where it does not come to it, for a namespace of the checks alone: it
// empties the namespace of all that holm and Kubernetes put there, and lets it go. A controller that is at work needs
// seconds, and finds nothing left to do.
func (r *k3sRun) finalize(ctx context.Context, ns k3sapi.Meta) error {
	for _, resource := range []string{"networkpolicies", "serviceaccounts", "secrets", "configmaps"} {
		if err := r.api.Delete(ctx, k3sapi.In(ns.Name, resource)); err != nil {
			return err
		}
	}
	empty := k3sapi.NewNamespace(ns.Name, nil)
	empty.Metadata.UID = ns.UID
	empty.Spec = &k3sapi.NamespaceSpec{Finalizers: []string{}}
	return r.api.Replace(ctx, k3sapi.Named(k3sapi.Namespaces, ns.Name, "finalize"), empty, nil)
}

// unlessGone forgives that there was nothing to remove, and that somebody else is at it.
func unlessGone(err error) error {
	if no, ok := errors.AsType[*k3sapi.Error](err); ok && (no.Code == http.StatusNotFound || no.Code == http.StatusConflict) {
		return nil
	}
	return err
}
