package docker

import (
	"context"
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// process is who listens on a Unix socket, as the kernel tells.
type process struct {
	pid int
	uid uint32
}

// peerOf connects to a socket and asks the kernel who is at the other end: a path says little about that.
func peerOf(ctx context.Context, socket string) (process, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return process{}, err
	}
	defer func() { _ = conn.Close() }()
	plain, ok := conn.(*net.UnixConn)
	if !ok {
		return process{}, errors.New("it is no Unix socket")
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return process{}, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, credErr); err != nil {
		return process{}, err
	}
	return process{pid: int(cred.Pid), uid: cred.Uid}, nil
}
