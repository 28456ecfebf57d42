package k3s

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

const (
	runTime  = 60 * time.Second // for all of a run; in emulation it takes some 4
	tidyTime = 15 * time.Second // for removing what it made, also when it was cancelled
	waitTime = 15 * time.Second // for a new namespace to be guarded
	pollTime = 100 * time.Millisecond
)

// k3sLabel marks what the checks make in the cluster, so that what an interrupted run left behind is found.
const k3sLabel = "holm.internal/probe"

// k3sPaths is where k3s keeps what the checks look at.
type k3sPaths struct {
	kubeconfig string
	datastore  string // a folder: SQLite's files, or etcd's
	auditLog   string
}

func pathsBelow(root string) k3sPaths {
	server := root + "/var/lib/rancher/k3s/server"
	return k3sPaths{kubeconfig: root + k3sapi.Kubeconfig, datastore: server + "/db", auditLog: server + "/logs/audit.log"}
}

// k3sShare lets the checks of one list share a run: all are tried when the first of them is, side by side, because each
// is mostly waiting for the API, and a namespace of their own is made and guarded once.
type k3sShare struct {
	paths   k3sPaths
	env     *probe.Env
	results map[string]probe.Result
}

// k3sRun is a run under way.
type k3sRun struct {
	paths  k3sPaths
	access k3sapi.Access
	api    *k3sapi.Client // an administrator
	name   string         // of its namespace, its cluster role and the user who has it
	broken error          // why there is no namespace in which the well-made pod is admitted
}

// all tries every rule and returns the results by id. It removes what it made however it ends.
func (s *k3sShare) all(ctx context.Context) map[string]probe.Result {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	run, err := newK3sRun(s.paths)
	if err != nil {
		results := map[string]probe.Result{}
		for _, rule := range rules() {
			results[rule.id] = probe.Inconclusive(rule.tried, "there is no way to the API: %s", short(err))
		}
		return results
	}
	defer run.api.Close()
	defer run.tidy(ctx)
	run.broken = run.prepare(ctx)
	return run.tryAll(ctx)
}

// tryAll tries the rules side by side, but k3s-guarded after the others: it takes their namespace's mark away.
func (r *k3sRun) tryAll(ctx context.Context) map[string]probe.Result {
	results := map[string]probe.Result{}
	var lock sync.Mutex
	var running sync.WaitGroup
	try := func(rule k3sRule) {
		result := probe.Inconclusive(rule.tried, "%s", short(r.broken))
		if r.broken == nil || rule.alone {
			result = rule.try(ctx, r, rule.tried)
		}
		lock.Lock()
		defer lock.Unlock()
		results[rule.id] = result
	}
	last := k3sGuarded()
	for _, rule := range rules() {
		if rule.id != last.id {
			running.Go(func() { try(rule) })
		}
	}
	running.Wait()
	try(last)
	return results
}

func newK3sRun(paths k3sPaths) (*k3sRun, error) {
	access, err := k3sapi.ReadAccess(paths.kubeconfig)
	if err != nil {
		return nil, err
	}
	api, err := k3sapi.New(access)
	if err != nil {
		return nil, err
	}
	name := "holm-probe-" + strings.ToLower(rand.Text()[:10])
	return &k3sRun{paths: paths, access: access, api: api, name: name}, nil
}

// prepare makes the run's namespace and the role of its user, and waits until the well-made pod is admitted: that is
// what the refused ones differ from.
func (r *k3sRun) prepare(ctx context.Context) error {
	if err := r.sweep(ctx); err != nil {
		return fmt.Errorf("remove what an earlier run left: %w", err)
	}
	labels := map[string]string{k3sLabel: "true"}
	rule := k3sapi.Rule{
		APIGroups: []string{""}, Resources: []string{"namespaces", "namespaces/status", "namespaces/finalize"},
		Verbs: []string{"create", "get", "update", "patch"},
	}
	if err := errors.Join(
		r.api.Create(ctx, k3sapi.Namespaces, k3sapi.NewNamespace(r.name, labels), nil),
		r.api.Create(ctx, k3sapi.ClusterRoles, k3sapi.NewClusterRole(r.name, labels, rule), nil),
		r.api.Create(ctx, k3sapi.ClusterRoleBindings, k3sapi.NewClusterRoleBinding(r.name, labels, r.name), nil),
	); err != nil {
		return err
	}
	return until(ctx, waitTime, func() error {
		if _, err := r.admit(ctx, wellMade()); err != nil {
			return fmt.Errorf("the well-made pod is refused: %w", err)
		}
		return nil
	})
}

// admit asks whether a pod would be let into the run's namespace, and returns it as admission left it. None is made.
func (r *k3sRun) admit(ctx context.Context, pod k3sapi.Pod) (k3sapi.Pod, error) {
	var admitted k3sapi.Pod
	return admitted, r.api.DryRun().Create(ctx, k3sapi.In(r.name, "pods"), pod, &admitted)
}

// until does something again and again until it succeeds, and returns its last error when it does not in time.
func until(ctx context.Context, limit time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// short is the API's own sentence, or the error, short enough for a line.
func short(err error) string {
	text := "no error"
	if no, ok := errors.AsType[*k3sapi.Error](err); ok {
		text = fmt.Sprintf("%d %s: %s", no.Code, http.StatusText(no.Code), no.Message)
	} else if err != nil {
		text = err.Error()
	}
	const most = 240
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " …"
	}
	return text
}
