// Command records writes records to a file and says of each when it is safe: only once the kernel has said that it is on the
// drives. Somebody else keeps what it said, and has it check the file after the worst has happened.
//
//	records write FILE      write until standard input ends; print the number of each record after its fsync; 50 a second at
//	                        most, which leaves a machine with one CPU time for what it is to survive
//	records check FILE N    read records 1 to N from the drives, past the page cache, and fail at the first that is not as written
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
)

// size of a record: one page, which is one write to a drive.
const size = 4096

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "records: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "write":
		return write(args[1])
	case len(args) == 3 && args[0] == "check":
		last, err := strconv.ParseUint(args[2], 10, 32)
		if err != nil {
			return err
		}
		return check(args[1], last)
	}
	return errors.New("usage: records write FILE | records check FILE N")
}

// record is a page that no other number has: the number, bytes that follow from it, and the checksum of both.
func record(n uint64) []byte {
	page := make([]byte, 0, size)
	page = binary.BigEndian.AppendUint64(page, n)
	for part := uint64(0); len(page) < size-sha256.Size; part++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(page[:8:8], part))
		page = append(page, sum[:min(len(sum), size-sha256.Size-len(page))]...)
	}
	sum := sha256.Sum256(page)
	return append(page, sum[:]...)
}

func write(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for n := uint64(1); ; n++ {
		select {
		case <-done:
			return f.Close()
		case <-pace.C:
		}
		if _, err := f.Write(record(n)); err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		if err := f.Sync(); err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		if _, err := fmt.Println(n); err != nil {
			return err
		}
	}
}

func check(name string, last uint64) error {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_DIRECT, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	room, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	pages := bufio.NewReaderSize(aligned{f, room}, len(room))
	page := make([]byte, size)
	for n := uint64(1); n <= last; n++ {
		if _, err := io.ReadFull(pages, page); err != nil {
			return fmt.Errorf("record %d of %d: %w", n, last, err)
		}
		if !bytes.Equal(page, record(n)) {
			return fmt.Errorf("record %d of %d is not as it was written", n, last)
		}
	}
	_, err = fmt.Printf("%d records are as they were written\n", last)
	return err
}

// aligned reads into memory that begins at a page, as reading past the cache demands.
type aligned struct {
	f    *os.File
	room []byte
}

func (a aligned) Read(p []byte) (int, error) {
	n, err := a.f.Read(a.room[:min(len(a.room), len(p)&^(size-1))])
	return copy(p, a.room[:n]), err
}
