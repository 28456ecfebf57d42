package probe

import (
	"context"
	"fmt"
	"io"
	"maps"
)

// attempt is something that has to be tried by another process: as another user, or inside a container. It writes what
// came of it to out, as JSON, and does not fail by itself.
type attempt func(ctx context.Context, args []string, out io.Writer) error

// Attempt runs one attempt by its name; the agent's program calls it for "holm-agent attempt NAME ARGUMENT...".
func Attempt(ctx context.Context, name string, args []string, out io.Writer) error {
	all := map[string]attempt{}
	maps.Copy(all, systemAttempts())
	maps.Copy(all, dockerAttempts())
	try, ok := all[name]
	if !ok {
		return fmt.Errorf("there is no attempt %q", name)
	}
	return try(ctx, args, out)
}
