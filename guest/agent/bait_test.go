package agent

import (
	"errors"
	"io"
	"net"
	"strconv"
	"testing"
	"time"
)

func TestTheBaitHangsUpOnWhoComes(t *testing.T) {
	b, err := openBait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.port() <= 1024 {
		t.Errorf("its port is %d", b.port())
	}
	for _, address := range []string{"127.0.0.1", "127.0.0.2"} { // all addresses are tried with it
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(address, strconv.Itoa(b.port())), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("it said %d bytes (%v)", n, err)
		}
		_ = conn.Close()
	}
	b.close()
	if conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port())), time.Minute); err == nil {
		_ = conn.Close()
		t.Error("it is still open once it is taken away")
	}
}
