//go:build bench

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// ask opens a connection and says what it is for.
func ask(ctx context.Context, address string, what byte, size int64) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if by, ok := ctx.Deadline(); ok {
		err = c.SetDeadline(by)
	}
	head := binary.BigEndian.AppendUint64([]byte{what}, uint64(size)) //nolint:gosec // never negative
	_, err2 := c.Write(head)
	if err := errors.Join(err, err2); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// get includes the connection, as a download does.
func get(ctx context.Context, address string, size int64) (float64, error) {
	begun := time.Now()
	c, err := ask(ctx, address, askGet, size)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	err = take(c, size)
	return float64(size) / time.Since(begun).Seconds(), err
}

func put(ctx context.Context, address string, size int64) (float64, error) {
	begun := time.Now()
	c, err := ask(ctx, address, askPut, size)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	if err := send(c, size); err != nil {
		return 0, err
	}
	_, err = io.ReadFull(c, make([]byte, 1)) // it is all there
	return float64(size) / time.Since(begun).Seconds(), err
}

func trip(ctx context.Context, address string, count int) (float64, error) {
	c, err := ask(ctx, address, askTrip, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	all := make([]time.Duration, count)
	buf := make([]byte, 1)
	for i := range all {
		begun := time.Now()
		if _, err := c.Write(buf); err != nil {
			return 0, err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return 0, err
		}
		all[i] = time.Since(begun)
	}
	slices.Sort(all)
	return all[count/2].Seconds(), nil
}

func whoAmI(ctx context.Context, address string) (string, error) {
	c, err := ask(ctx, address, askWho, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	who, err := io.ReadAll(c)
	return string(who), err
}

// known is a name that the world's server knows; others in its domain do not exist, which is an answer too.
const known, domain = "web.corp.example.", ".corp.example."

func names(ctx context.Context, server string, count int, others bool) (float64, error) {
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
	begun := time.Now()
	for i := range count {
		name := known
		if others {
			name = fmt.Sprintf("x%d-%d%s", begun.UnixNano(), i, domain) // never asked before: no cache has it
		}
		_, err := r.LookupNetIP(ctx, "ip4", name)
		if not, ok := errors.AsType[*net.DNSError](err); err != nil && (!others || !ok || !not.IsNotFound) {
			return 0, err
		}
	}
	return float64(count) / time.Since(begun).Seconds(), nil
}
