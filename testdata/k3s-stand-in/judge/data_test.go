package judge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	audit "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// marker is the secret; it must be found nowhere.
const marker = "kept-from-everybody"

func dataJudgements() []judgement {
	return []judgement{
		{"secrets lie encrypted in etcd", encrypted},
		{"the audit log names who did what", audited},
		{"the audit log holds no secret", secretive},
	}
}

// keep has the client make a secret and a configmap of the same name, with the marker in both.
func keep(ctx context.Context, c kubernetes.Interface, name string) error {
	m := meta.ObjectMeta{Name: name}
	_, err := c.CoreV1().Secrets(guarded).Create(ctx, &core.Secret{ObjectMeta: m, StringData: map[string]string{"key": marker}}, meta.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = c.CoreV1().ConfigMaps(guarded).Create(ctx, &core.ConfigMap{ObjectMeta: m, Data: map[string]string{"key": marker}}, meta.CreateOptions{})
	return err
}

func encrypted(ctx context.Context, n *node) error {
	const name = "judged-encrypted"
	if err := keep(ctx, n.admin, name); err != nil {
		return err
	}
	plain, err := n.stored(ctx, "/registry/configmaps/"+guarded+"/"+name)
	if err != nil {
		return err
	}
	if !bytes.Contains(plain, []byte(marker)) {
		return errors.New("control: the marker is not found where it lies in plain text")
	}
	secret, err := n.stored(ctx, "/registry/secrets/"+guarded+"/"+name)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(secret, []byte("k8s:enc:aescbc:v1:")) || bytes.Contains(secret, []byte(marker)) {
		return fmt.Errorf("the secret lies in etcd as %.40q", secret)
	}
	return nil
}

// stored reads what lies in etcd, past the API server.
func (n *node) stored(ctx context.Context, key string) ([]byte, error) {
	c, err := clientv3.New(clientv3.Config{
		Context: ctx, Endpoints: []string{etcdAddress}, DialTimeout: 10 * time.Second,
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(n.dialEtcd)},
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	found, err := c.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	if len(found.Kvs) != 1 {
		return nil, fmt.Errorf("etcd has %d keys %s", len(found.Kvs), key)
	}
	return found.Kvs[0].Value, nil
}

func audited(ctx context.Context, n *node) error {
	const name = "judged-audited"
	eve, err := n.asEditor()
	if err != nil {
		return err
	}
	if err := keep(ctx, eve, name); err != nil {
		return err
	}
	if _, err := eve.CoreV1().Secrets(guarded).Get(ctx, name, meta.GetOptions{}); err != nil {
		return err
	}
	if err := n.setLabel(ctx, eve, guarded, "team", "auditors"); err != nil {
		return err
	}
	for _, want := range []audit.Event{
		{Verb: "create", Level: audit.LevelMetadata, ObjectRef: &audit.ObjectReference{Resource: "secrets", Name: name}},
		{Verb: "get", Level: audit.LevelMetadata, ObjectRef: &audit.ObjectReference{Resource: "secrets", Name: name}},
		{Verb: "create", Level: audit.LevelMetadata, ObjectRef: &audit.ObjectReference{Resource: "configmaps", Name: name}},
		{Verb: "patch", Level: audit.LevelRequest, ObjectRef: &audit.ObjectReference{Resource: "namespaces", Name: guarded}},
	} {
		if err := n.finds(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

// finds waits for the event: the API server writes it after it has answered.
func (n *node) finds(ctx context.Context, want audit.Event) error {
	for deadline := time.Now().Add(3 * time.Second); ; {
		events, err := n.audit()
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.ObjectRef == nil || e.ImpersonatedUser == nil || e.ImpersonatedUser.Username != editor || e.User.Username != "system:admin" {
				continue
			}
			if e.Verb == want.Verb && e.Level == want.Level && e.ObjectRef.Resource == want.ObjectRef.Resource &&
				e.ObjectRef.Name == want.ObjectRef.Name && (e.RequestObject != nil) == (want.Level == audit.LevelRequest) {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("among %d audit events there is none of %s's %s of %s/%s at level %s",
				len(events), editor, want.Verb, want.ObjectRef.Resource, want.ObjectRef.Name, want.Level)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (n *node) audit() ([]audit.Event, error) {
	var events []audit.Event
	text, err := os.ReadFile(filepath.Join(n.root, "var/lib/rancher/k3s/server/logs/audit.log"))
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var e audit.Event
		if err := yaml.Unmarshal(line, &e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// secretive reads the log whole. Its control is that a change of something else is there with its body.
func secretive(ctx context.Context, n *node) error {
	const name = "judged-secretive"
	eve, err := n.asEditor()
	if err != nil {
		return err
	}
	if err := keep(ctx, eve, name); err != nil {
		return err
	}
	const shown = "shown-to-auditors"
	if err := n.setLabel(ctx, eve, guarded, "team", shown); err != nil {
		return err
	}
	if err := n.finds(ctx, audit.Event{Verb: "patch", Level: audit.LevelRequest, ObjectRef: &audit.ObjectReference{Resource: "namespaces", Name: guarded}}); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(n.root, "var/lib/rancher/k3s/server/logs/audit.log"))
	if err != nil {
		return err
	}
	// The API server gets a secret's value in base64, and the configmap's as it is.
	for _, form := range []string{marker, "a2VwdC1mcm9tLWV2ZXJ5Ym9keQ"} {
		if bytes.Contains(text, []byte(form)) {
			return errors.New("the audit log holds the secret")
		}
	}
	return nil
}
