//go:build bench

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holm/internal/run"
)

// measureImage compares building the image with installing its packages alone.
func measureImage(ctx context.Context, l *lab, rounds int) ([]row, error) {
	var command []string
	build := func(ctx context.Context) (took float64, err error) {
		inside, stop := context.WithCancel(ctx)
		defer stop()
		found := make(chan []string, 1)
		go func() { found <- l.bootstrapCommand(inside) }()
		took, err = stopwatch(func() error {
			_, err := l.run(ctx, "image", "build", "--force", "-o", "name")
			return err
		})
		stop()
		if command = <-found; err == nil && command == nil {
			err = errors.New("holm image build was not seen running mmdebstrap")
		}
		return took, err
	}
	bootstrap := func(ctx context.Context) (took float64, err error) {
		if command == nil {
			return 0, errors.New("mmdebstrap's command is not known yet")
		}
		return l.bootstrapAlone(ctx, command)
	}
	// Never turned round: the peer repeats what holm was seen doing.
	var holm, peer []float64
	for range rounds {
		for _, part := range []struct {
			run  leg
			into *[]float64
		}{{build, &holm}, {bootstrap, &peer}} {
			took, err := part.run(ctx)
			if err != nil {
				return nil, err
			}
			*part.into = append(*part.into, took)
		}
	}
	return []row{
		against("image build", inSeconds, summarize(holm), "mmdebstrap", summarize(peer), goal{Ratio: 2.5}),
		alone("image, root", inMB, summarize([]float64{float64(l.image.Root.Size) / 1e6}), goal{Most: 700}),
	}, nil
}

// bootstrapCommand waits for the mmdebstrap that holm starts and returns its command line, so that the peer is given
// the very same packages and options; nil when ctx ends before there was one.
func (l *lab) bootstrapCommand(ctx context.Context) []string {
	for {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil || !bytes.Contains(content, []byte("/mmdebstrap\x00")) || !bytes.Contains(content, []byte(l.state+"/images/")) {
				continue
			}
			words := strings.Split(strings.TrimSuffix(string(content), "\x00"), "\x00")
			for i, word := range words {
				if strings.HasSuffix(word, "/mmdebstrap") {
					return words[i+1:]
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// bootstrapAlone runs that command into a folder of its own.
func (l *lab) bootstrapAlone(ctx context.Context, command []string) (took float64, err error) {
	dir, err := l.scratch("mmdebstrap")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args := make([]string, len(command))
	replaced := 0
	for i, word := range command {
		if args[i] = word; strings.HasPrefix(word, l.state+"/images/") {
			args[i] = filepath.Join(dir, "root")
			replaced++
		}
	}
	if replaced != 1 {
		return 0, fmt.Errorf("mmdebstrap's command names holm's folder %d times", replaced)
	}
	return stopwatch(func() error {
		_, err := run.Run(ctx, run.Cmd{Name: "mmdebstrap", Args: args, Env: l.environment(), Stdout: io.Discard})
		return err
	})
}
