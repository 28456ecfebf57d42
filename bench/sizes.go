//go:build bench

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/volumes"
)

// The volumes of the benchmark: what is cloned, and what is made of it.
const (
	baseID = "0123456789aa"
	newID  = "0123456789ab"
)

// mustNotGrow is how much longer the largest base may take than the smallest: nothing is read of either, and some
// milliseconds vary by as much.
const mustNotGrow = 2

// measureSizes compares a new volume, blank or a clone of a base, with copies of the base: the time that they take, and
// the bytes. A copy is made once, as it writes as much as it copies. The base stands for a root image as well, which no
// new instance copies.
func measureSizes(ctx context.Context, l *lab, rounds int) (rows []row, err error) {
	sizes, err := baseSizes()
	if err != nil {
		return nil, err
	}
	for _, fsType := range loops {
		mnt, err := l.onLoop(ctx, fsType)
		if err != nil {
			return nil, errors.Join(err, l.dropLoops())
		}
		more, err := l.sizesOn(ctx, mnt, fsType, true, sizes, rounds)
		if err := errors.Join(err, l.dropLoops()); err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	// Where no blocks are shared a clone is a copy.
	mnt, fsType, err := l.here()
	if err != nil {
		return nil, err
	}
	more, err := l.sizesOn(ctx, mnt, fsType, false, sizes, rounds)
	if err := errors.Join(err, os.RemoveAll(mnt)); err != nil {
		return nil, err
	}
	rows = append(rows, more...)
	p, there, err := l.thin(ctx)
	if err != nil || !there {
		return rows, err
	}
	more, err = l.sizesThin(ctx, p, sizes, rounds)
	return append(rows, more...), err
}

// baseSizes are in GB, from the smallest to the largest.
func baseSizes() ([]int, error) {
	text := os.Getenv("BENCH_SIZES")
	if text == "" {
		return []int{1, 5, 20}, nil
	}
	var sizes []int
	for word := range strings.SplitSeq(text, ",") {
		gb, err := strconv.Atoi(word)
		if err != nil || gb < 1 || gb > 1000 || len(sizes) > 0 && gb <= sizes[len(sizes)-1] {
			return nil, fault.New(fault.Usage, "", "BENCH_SIZES=%q is no list of growing sizes in GB, such as 1,5,20", text)
		}
		sizes = append(sizes, gb)
	}
	return sizes, nil
}

// sizesOn measures the backends of a file system.
func (l *lab) sizesOn(ctx context.Context, mnt, fsType string, shares bool, sizes []int, rounds int) ([]row, error) {
	layered, err := open(ctx, volumes.Qcow2, fsType, mnt)
	if err != nil {
		return nil, err
	}
	layered.own = shares
	var flat place
	base := filepath.Join(mnt, "base")
	if shares {
		if flat, err = open(ctx, volumes.Reflink, fsType, mnt); err != nil {
			return nil, err
		}
		flat.own, base = true, flat.backend.Disk(baseID).Path
	}
	var all []growing
	for _, gb := range sizes {
		l.say(fmt.Sprintf("  %s, %d GB", fsType, gb))
		made, err := l.sizesOf(ctx, flat, layered, base, gb, rounds)
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	return rowsOf(all, shares), nil
}

// sizesOf measures one size of base. The copy that qemu-img makes of it is the base of the backend with qcow2 files.
func (l *lab) sizesOf(ctx context.Context, flat, layered place, base string, gb, rounds int) (all []growing, err error) {
	const copies = 2 // so many files of that size are there at the same time
	if has, err := free(l.state); err != nil || has < float64(copies*gb)*1e9+5e9 {
		return nil, errors.Join(err, fault.New(fault.Failure, "",
			"%s has not the space for two files of %d GB: free some, or set BENCH_SIZES=1,5", l.state, gb))
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(base), layered.backend.Remove(context.WithoutCancel(ctx), baseID))
	}()
	if err := writeBase(ctx, base, gb); err != nil {
		return nil, err
	}
	if flat.backend != nil {
		copied, err := l.taking(ctx, flat, func(ctx context.Context, file string) error {
			_, err := run.Command(ctx, "cp", "--reflink=never", base, file)
			return err
		})
		if err != nil {
			return nil, err
		}
		made, err := l.making(ctx, flat, gb, rounds, "cp", copied)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	converted, err := l.converting(ctx, layered, base, layered.backend.Disk(baseID).Path)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(base); err != nil {
		return nil, err
	}
	made, err := l.making(ctx, layered, gb, rounds, "convert", converted)
	return append(all, made), err
}

// writeBase fills a file with what is neither empty nor twice the same, and makes it durable.
func writeBase(ctx context.Context, path string, gb int) error {
	const million = 1000000
	block := make([]byte, million)
	if _, err := rand.Read(block); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for i := range gb * 1000 {
		copy(block, strconv.Itoa(i)+" ")
		if _, err := f.Write(block); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
	}
	return errors.Join(f.Sync(), atomicfile.SyncDir(filepath.Dir(path)))
}
