package docker

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
	stdout       = 1
	stderr       = 2
	frameHead    = 8
	maxFrame     = 64 << 10 // bytes; dockerd cuts at 16 KiB
	maxFrames    = 256
	maxComplaint = 200 // bytes of the standard error that are kept
)

// errDockerSilent is a container that ended before it told what came of its attempts.
var errDockerSilent = errors.New("the container ended and told nothing")

// firstLine reads frames until the standard output has a whole line, and returns it without its end. A container
// that ends before that has its standard error quoted.
func firstLine(stream io.Reader) ([]byte, error) {
	var out, complaint []byte
	for range maxFrames {
		head := make([]byte, frameHead)
		if _, err := io.ReadFull(stream, head); err != nil {
			if len(complaint) > 0 {
				return nil, fmt.Errorf("%w but %q", errDockerSilent, clean(string(complaint)))
			}
			return nil, fmt.Errorf("%w: %w", errDockerSilent, err)
		}
		size := binary.BigEndian.Uint32(head[4:])
		if size > maxFrame {
			return nil, fmt.Errorf("a frame of %d bytes in a container's output, longer than %d", size, maxFrame)
		}
		frame := make([]byte, size)
		if _, err := io.ReadFull(stream, frame); err != nil {
			return nil, fmt.Errorf("a container's output was cut: %w", err)
		}
		switch head[0] {
		case stdout:
			out = append(out, frame...)
			if line, _, whole := bytes.Cut(out, []byte("\n")); whole {
				return line, nil
			}
			if len(out) > maxFrame {
				return nil, fmt.Errorf("a line of more than %d bytes in a container's output", maxFrame)
			}
		case stderr:
			complaint = append(complaint, frame[:min(len(frame), maxComplaint-min(len(complaint), maxComplaint))]...)
		default:
			return nil, fmt.Errorf("a frame of stream %d in a container's output", head[0])
		}
	}
	return nil, fmt.Errorf("%d frames of a container's output and no line", maxFrames)
}
