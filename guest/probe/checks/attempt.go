package checks

import (
	"context"
	"fmt"
	"io"
	"maps"

	"holm/guest/probe"
	"holm/guest/probe/docker"
	"holm/guest/probe/system"
)

// Attempt runs one attempt by its name; the agent's program calls it for "holm-agent attempt NAME ARGUMENT...".
func Attempt(ctx context.Context, name string, args []string, out io.Writer) error {
	all := map[string]probe.Attempt{}
	maps.Copy(all, system.Attempts())
	maps.Copy(all, docker.Attempts())
	found, ok := all[name]
	if !ok {
		return fmt.Errorf("there is no attempt %q", name)
	}
	return found(ctx, args, out)
}
