//go:build nested

package nested

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// As in the Vagrantfile and hack/provision.
const (
	boxName = "holm-box"
	pool    = "fast"
	mount   = "/srv/holm"
	tests   = "/root/tests"
)

// host is the box. TestMain sets it, before any test runs.
var host box

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintf(os.Stderr, "nested: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "holm-nested-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	config, err := os.OpenFile(filepath.Join(dir, "ssh-config"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1, err
	}
	if err := writeConfig(context.Background(), config); err != nil {
		return 1, err
	}
	host = box{config: config.Name(), socket: filepath.Join(dir, "ssh")}
	ctx := context.Background()
	defer host.hangUp(ctx)
	if o := host.do(ctx, "holm pool show "+pool+" && test -x "+tests+"/records"); o.code != 0 {
		return 1, fmt.Errorf("the box is not as hack/provision leaves it: exit %d\n%s", o.code, o.stderr)
	}
	return m.Run(), nil
}

// writeConfig has Vagrant say how its box is reached.
func writeConfig(ctx context.Context, w io.WriteCloser) error {
	cmd := exec.CommandContext(ctx, "vagrant", "ssh-config", boxName)
	cmd.Dir = ".."
	var diag strings.Builder
	cmd.Stdout, cmd.Stderr = w, &diag
	if err := errors.Join(cmd.Run(), w.Close()); err != nil {
		return fmt.Errorf("the box does not run, start it with hack/test-nested or vagrant up: %w\n%s", err, diag.String())
	}
	return nil
}
