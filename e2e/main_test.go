//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Where these tests live, apart from whatever else uses holm on this machine. Their instances' names begin with
// prefix, so that their domains are told from everybody else's.
const (
	stateDir = "/var/lib/holm-e2e"
	netName  = "holm-e2e"
	subnet   = "10.78.0.0/24"
	prefix   = "e2e-"

	// A second state directory knows nothing of the first one's instances, so it needs a network of its own.
	netName2 = "holm-e2e-2"
	subnet2  = "10.178.0.0/24"
)

// binDir holds the holm under test. TestMain sets it, before any test runs.
var binDir string

func TestMain(m *testing.M) {
	if intrude() {
		return
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if os.Geteuid() != 0 {
		return 1, errors.New("these tests start guests, which needs root: sudo make test-e2e")
	}
	if out, err := exec.Command("virsh", "-q", "-c", "qemu:///system", "uri").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("libvirt does not answer (%s): hack/libvirt start", strings.TrimSpace(string(out)))
	}
	binDir, err = os.MkdirTemp("", "holm-e2e-bin-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(binDir) }()
	if err := build(); err != nil {
		return 1, err
	}
	ctx := context.Background()
	if err := clear(ctx); err != nil {
		return 1, fmt.Errorf("clear away what an earlier run left: %w", err)
	}
	if err := settle(ctx); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, errors.Join(sharedWorld.down(ctx), clear(ctx))
}

// build makes the holm under test: as "make build" does, and able to die where it is told to.
func build() error {
	if err := os.Chmod(binDir, 0o755); err != nil { // one of the tests runs it as nobody
		return err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "libvirt_dlopen crashpoints",
		"-ldflags", "-s -w -buildid= -X main.version=e2e", "-o", filepath.Join(binDir, "holm"), "./cmd/holm")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build holm: %w\n%s", err, out)
	}
	return nil
}

// clear removes, through holm itself, the instances of an earlier run, and then all of the state but the images.
func clear(ctx context.Context) error {
	scratch, err := filepath.Glob(stateDir + "-*")
	if err != nil {
		return err
	}
	for _, dir := range append(scratch, stateDir) {
		if err := removeInstances(ctx, dir); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	for _, dir := range scratch {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(stateDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() == "images" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(stateDir, e.Name())); err != nil {
			return err
		}
	}
	logs, err := filepath.Glob("/var/log/libvirt/qemu/holm.*." + prefix + "*.log*")
	for _, log := range logs {
		err = errors.Join(err, os.Remove(log))
	}
	return err
}

func removeInstances(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "holm.db")); err != nil {
		return nil //nolint:nilerr // there are none
	}
	ls := holm("ls", "-o", "json").in(dir).do(ctx)
	if ls.code != 0 {
		return fmt.Errorf("holm ls: %s", ls.stderr)
	}
	var list struct {
		Instances []struct{ Name, Tenant string }
	}
	if err := json.Unmarshal([]byte(ls.stdout), &list); err != nil {
		return err
	}
	for _, i := range list.Instances {
		if rm := holm("rm", "--yes", "--give-up-volume", "--tenant", i.Tenant, i.Name).in(dir).do(ctx); rm.code != 0 {
			return fmt.Errorf("holm rm: %s", rm.stderr)
		}
	}
	return nil
}

// settle sets the host up as a person would, and builds the image when the one of this source is not there.
func settle(ctx context.Context) error {
	if err := prepare(ctx, stateDir, netName, subnet); err != nil {
		return err
	}
	built := holm("image", "build", "-o", "name").do(ctx)
	if built.code != 0 {
		return fmt.Errorf("holm image build: %s", built.stderr)
	}
	// Images of earlier sources take half a gigabyte each.
	for digest := range strings.FieldsSeq(holm("image", "ls", "-o", "name").do(ctx).stdout) {
		if digest == strings.TrimSpace(built.stdout) {
			continue
		}
		if rm := holm("image", "rm", "--yes", digest).do(ctx); rm.code != 0 {
			return fmt.Errorf("holm image rm: %s", rm.stderr)
		}
	}
	return nil
}

// prepare sets a state directory up: a network of its own and, where KVM is what the host lacks, lab mode.
func prepare(ctx context.Context, dir, network, subnet string) error {
	set := []string{"host", "set", "--network", network, "--subnet", subnet}
	works, err := kvmWorks(ctx, dir)
	if err != nil {
		return err
	}
	if !works {
		set = append(set, "--lab-mode", "on")
	}
	if done := holm(set...).in(dir).do(ctx); done.code != 0 {
		return fmt.Errorf("holm host set: %s", done.stderr)
	}
	return nil
}

func kvmWorks(ctx context.Context, dir string) (bool, error) {
	doctor := holm("doctor", "-o", "json").in(dir).do(ctx)
	var report struct {
		Results []struct{ ID, Status, Found string }
	}
	if err := json.Unmarshal([]byte(doctor.stdout), &report); err != nil {
		return false, fmt.Errorf("holm doctor: %w: %s", err, doctor.stderr)
	}
	for _, r := range report.Results {
		if r.ID == "kvm" {
			return r.Status == "ok", nil
		}
	}
	return false, errors.New("holm doctor does not judge kvm")
}
