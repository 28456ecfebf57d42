package probe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A container's output comes in frames: one byte that says which stream it is, three zeros, the length (big endian, 32
// bits), the bytes.
const (
	dockerStdout       = 1
	dockerStderr       = 2
	dockerFrameHead    = 8
	dockerMaxFrame     = 64 << 10 // bytes; dockerd cuts at 16 KiB
	dockerMaxFrames    = 256
	dockerMaxComplaint = 200 // bytes of the standard error that are kept
)

// errDockerSilent is a container that ended before it told what came of its attempts.
var errDockerSilent = errors.New("the container ended and told nothing")

// dockerFirstLine reads frames until the standard output has a whole line, and returns it without its end. A container
// that ends before that has its standard error quoted.
func dockerFirstLine(stream io.Reader) ([]byte, error) {
	var out, complaint []byte
	for range dockerMaxFrames {
		head := make([]byte, dockerFrameHead)
		if _, err := io.ReadFull(stream, head); err != nil {
			if len(complaint) > 0 {
				return nil, fmt.Errorf("%w but %q", errDockerSilent, dockerClean(string(complaint)))
			}
			return nil, fmt.Errorf("%w: %w", errDockerSilent, err)
		}
		size := binary.BigEndian.Uint32(head[4:])
		if size > dockerMaxFrame {
			return nil, fmt.Errorf("a frame of %d bytes in a container's output, longer than %d", size, dockerMaxFrame)
		}
		frame := make([]byte, size)
		if _, err := io.ReadFull(stream, frame); err != nil {
			return nil, fmt.Errorf("a container's output was cut: %w", err)
		}
		switch head[0] {
		case dockerStdout:
			out = append(out, frame...)
			if line, _, whole := bytes.Cut(out, []byte("\n")); whole {
				return line, nil
			}
			if len(out) > dockerMaxFrame {
				return nil, fmt.Errorf("a line of more than %d bytes in a container's output", dockerMaxFrame)
			}
		case dockerStderr:
			complaint = append(complaint, frame[:min(len(frame), dockerMaxComplaint-min(len(complaint), dockerMaxComplaint))]...)
		default:
			return nil, fmt.Errorf("a frame of stream %d in a container's output", head[0])
		}
	}
	return nil, fmt.Errorf("%d frames of a container's output and no line", dockerMaxFrames)
}
