package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/coreos/go-systemd/v22/daemon"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// notifySocket is the variable in which systemd says where it listens.
const notifySocket = "NOTIFY_SOCKET"

// serve runs until the API server ends, which SIGTERM has it do.
func serve(warn io.Writer) error {
	// The API server would tell systemd that it is ready, before a single manifest is applied.
	notify := os.Getenv(notifySocket)
	if err := os.Unsetenv(notifySocket); err != nil {
		return fmt.Errorf("cannot clear the environment: %w", err)
	}
	c, err := readConfig()
	if err != nil {
		return err
	}
	for _, dir := range []string{"logs", "manifests"} {
		if err := os.MkdirAll(filepath.Join(serverDir, dir), 0o700); err != nil {
			return fmt.Errorf("cannot make k3s's folders: %w", err)
		}
	}
	p, err := makePKI(c)
	if err != nil {
		return err
	}
	datastore := c.DatastoreEndpoint
	if datastore == "" {
		address, stop, err := startDatastore()
		if err != nil {
			return err
		}
		defer stop()
		datastore = address
	}
	flags, err := apiServerFlags(c, p, datastore)
	if err != nil {
		return err
	}
	return serveAPI(flags, func(ctx context.Context) error { return prepare(ctx, p, notify, warn) })
}

// serveAPI runs the API server and, beside it, what comes once it is ready. It ends when either fails.
func serveAPI(flags []string, prepare func(context.Context) error) error {
	command := app.NewAPIServerCommand()
	command.SetArgs(flags)
	command.SilenceErrors = true
	served := make(chan error, 1)
	go func() { served <- command.Execute() }()

	// The command's own context ends with SIGTERM or SIGINT.
	ctx, cancel := context.WithCancel(command.Context())
	defer cancel()
	prepared := make(chan error, 1)
	go func() { prepared <- prepare(ctx) }()

	for {
		select {
		case err := <-served:
			if err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("kube-apiserver: %w", err)
			}
			return nil
		case err := <-prepared:
			if err != nil && ctx.Err() == nil {
				return err
			}
			prepared = nil
		}
	}
}

// prepare waits for the API server, applies the manifests, hands out the kubeconfig and tells systemd.
func prepare(ctx context.Context, p pki, notify string, warn io.Writer) error {
	client, err := newClient(p)
	if err != nil {
		return err
	}
	if err := client.waitReady(ctx); err != nil {
		return err
	}
	if err := client.applyManifests(ctx, warn); err != nil {
		return err
	}
	if err := writeKubeconfig(p); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(warn, "k3s-stand-in: the API server is ready, and every manifest is applied")
	if notify == "" {
		return nil
	}
	if err := os.Setenv(notifySocket, notify); err != nil {
		return fmt.Errorf("cannot find the way to systemd: %w", err)
	}
	if _, err := daemon.SdNotify(true, daemon.SdNotifyReady); err != nil {
		return fmt.Errorf("cannot tell systemd: %w", err)
	}
	return nil
}
