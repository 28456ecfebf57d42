package environment

import (
	"bytes"
)

// A file that belongs to others, too, has what the host told between these lines.
const (
	blockBegins = "# holm: the host told what follows; it is written anew when that changes\n"
	blockEnds   = "# holm: the host told what stands above\n"
)

// withBlock replaces holm's block at the end of a file of others, or takes it away when there is nothing to say. All else
// stays as it is; a file that has no block and gets none stays to the byte.
func withBlock(file, ours []byte) []byte {
	rest := withoutBlock(file)
	if len(ours) == 0 {
		return rest
	}
	out := bytes.Clone(rest)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(append(append(out, blockBegins...), ours...), blockEnds...)
}

// withoutBlock takes out each block. One whose end is gone was edited by somebody: only its first line goes.
func withoutBlock(file []byte) []byte {
	for {
		before, rest, found := bytes.Cut(file, []byte(blockBegins))
		if !found {
			return file
		}
		if _, after, whole := bytes.Cut(rest, []byte(blockEnds)); whole {
			rest = after
		}
		file = append(bytes.Clone(before), rest...)
	}
}
