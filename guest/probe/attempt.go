package probe

import (
	"context"
	"io"
)

// Attempt is something that has to be tried by another process: as another user, or inside a container. It writes what
// came of it to out, as JSON, and does not fail by itself.
type Attempt func(ctx context.Context, args []string, out io.Writer) error
