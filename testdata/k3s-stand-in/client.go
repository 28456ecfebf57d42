package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

const localServer = "https://127.0.0.1:6443"

// client is the administrator of the cluster.
type client struct {
	discovery *discovery.DiscoveryClient
	objects   dynamic.Interface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
}

func newClient(p pki) (client, error) {
	c := &rest.Config{
		Host:            localServer,
		QPS:             -1,
		TLSClientConfig: rest.TLSClientConfig{CAFile: p.serverCA, CertFile: p.admin.cert, KeyFile: p.admin.key},
	}
	d, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		return client{}, fmt.Errorf("cannot make the administrator's client: %w", err)
	}
	o, err := dynamic.NewForConfig(c)
	if err != nil {
		return client{}, fmt.Errorf("cannot make the administrator's client: %w", err)
	}
	return client{d, o, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d))}, nil
}

// waitReady waits for as long as it takes; systemd knows how long that may be.
func (c client) waitReady(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return c.discovery.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil, nil
	})
}

// applyManifests applies the files of the manifests folder in the order of their names; what the API server does not
// take is tried again, for k3s does so, too, and may want an object of a later file.
func (c client) applyManifests(ctx context.Context, warn io.Writer) error {
	paths, err := filepath.Glob(filepath.Join(serverDir, "manifests", "*.yaml"))
	if err != nil {
		return fmt.Errorf("cannot list the manifests: %w", err)
	}
	slices.Sort(paths)
	return wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		var failed []string
		for _, path := range paths {
			if err := c.applyFile(ctx, path); err != nil {
				_, _ = fmt.Fprintf(warn, "k3s-stand-in: %s is not applied yet: %v\n", path, err)
				failed = append(failed, path)
			}
		}
		paths = failed
		return len(failed) == 0, nil
	})
}

func (c client) applyFile(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	docs := kubeyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	defer func() { _ = docs.Close() }()
	buffer := make([]byte, len(text)+1)
	for {
		n, err := docs.Read(buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.apply(ctx, buffer[:n]); err != nil {
			return err
		}
	}
}

func (c client) apply(ctx context.Context, doc []byte) error {
	var object unstructured.Unstructured
	if err := yaml.UnmarshalStrict(doc, &object.Object); err != nil {
		return err
	}
	if len(object.Object) == 0 {
		return nil
	}
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	patch, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	force := true
	_, err = c.objects.Resource(mapping.Resource).Namespace(object.GetNamespace()).Patch(ctx, object.GetName(),
		types.ApplyPatchType, patch, metav1.PatchOptions{FieldManager: "k3s-stand-in", Force: &force, FieldValidation: "Strict"})
	return err
}
