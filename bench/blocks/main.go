//go:build bench

// Command blocks measures one file, in a guest and on its host alike, past the page cache where the file system allows
// that: "blocks write FILE MIB" and "blocks read FILE MIB" print bytes per second, four pieces of a MiB at a time;
// "blocks sync FILE COUNT" overwrites 4 KiB in that many places, each made durable before the next, and prints the median
// in seconds. FILE is made by write.
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	piece   = 1 << 20
	small   = 4 << 10
	workers = 4
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "blocks:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("use: blocks write|read|sync FILE COUNT")
	}
	count, err := strconv.Atoi(args[2])
	if err != nil || count < 1 || count > 1<<20 {
		return fmt.Errorf("%q is no count", args[2])
	}
	f, err := open(args[1])
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var result float64
	switch args[0] {
	case "write":
		result, err = rate(count, func(buf []byte, at int64) error {
			buf[0]++ // never the same block twice
			_, err := f.WriteAt(buf, at)
			return err
		}, f.Sync)
	case "read":
		result, err = rate(count, func(buf []byte, at int64) error {
			_, err := f.ReadAt(buf, at)
			return err
		}, func() error { return nil })
	case "sync":
		result, err = latency(f, count)
	default:
		err = fmt.Errorf("there is no measurement %q", args[0])
	}
	if err == nil {
		fmt.Println(result)
	}
	return err
}

// open goes past the page cache, if that can be.
func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_DIRECT, 0o600)
	if err != nil {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	return f, err
}

// aligned is memory that a drive can be read into: a mapping begins at a page. What is in it cannot be compressed.
func aligned(n int) ([]byte, error) {
	buf, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	_, err = rand.Read(buf)
	return buf, err
}

// rate has the workers move so many pieces and then end, and returns bytes per second.
func rate(count int, move func(buf []byte, at int64) error, end func() error) (float64, error) {
	buffers := make([][]byte, workers)
	for i := range buffers {
		var err error
		if buffers[i], err = aligned(piece); err != nil {
			return 0, err
		}
	}
	var next atomic.Int64
	failed := make(chan error, workers)
	begun := time.Now()
	var all sync.WaitGroup
	for _, buf := range buffers {
		all.Go(func() {
			for {
				at := next.Add(1) - 1
				if at >= int64(count) {
					return
				}
				if err := move(buf, at*piece); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	if err := <-failed; err != nil {
		return 0, err
	}
	if err := end(); err != nil {
		return 0, err
	}
	return float64(count) * piece / time.Since(begun).Seconds(), nil
}

// latency returns the median time of a small write and the flush behind it.
func latency(f *os.File, count int) (float64, error) {
	buf, err := aligned(small)
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	places := info.Size() / small
	if places < 1 {
		return 0, fmt.Errorf("%s is empty: write it first", f.Name())
	}
	took := make([]float64, 0, count)
	for i := range int64(count) {
		const stride = 7919 // a prime: neighbours in time are none in place
		begun := time.Now()
		buf[0]++
		if _, err := f.WriteAt(buf, i*stride%places*small); err != nil {
			return 0, err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil { // #nosec G115 -- a descriptor is small
			return 0, err
		}
		took = append(took, time.Since(begun).Seconds())
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
