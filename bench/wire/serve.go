//go:build bench

package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// What a client asks for, in the first byte of a connection; eight bytes follow, the size.
const (
	askGet  = 'g' // so many bytes come
	askPut  = 'p' // so many bytes are taken, and then one is answered
	askTrip = 't' // each byte is answered
	askWho  = 'w' // the client's address is told
)

func serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			_ = answer(c) // whoever asked sees that the connection is closed
			_ = c.Close()
		}()
	}
}

func answer(c net.Conn) error {
	head := make([]byte, 9)
	if _, err := io.ReadFull(c, head); err != nil {
		return err
	}
	size := int64(binary.BigEndian.Uint64(head[1:])) //nolint:gosec // of our own client
	switch head[0] {
	case askGet:
		return send(c, size)
	case askPut:
		if err := take(c, size); err != nil {
			return err
		}
		_, err := c.Write(head[:1])
		return err
	case askTrip:
		_, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 1))
		return err
	case askWho:
		host, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil {
			return err
		}
		_, err = io.WriteString(c, host)
		return err
	}
	return errors.New("nothing that is known was asked for")
}

// piece is how much is written and read at once, in bytes.
const piece = 128 << 10

func send(w io.Writer, size int64) error {
	buf := make([]byte, piece)
	for size > 0 {
		n, err := w.Write(buf[:min(size, piece)])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

func take(r io.Reader, size int64) error {
	buf := make([]byte, piece)
	for size > 0 {
		n, err := r.Read(buf[:min(size, piece)])
		size -= int64(n)
		if err != nil && size > 0 {
			return err
		}
	}
	return nil
}
