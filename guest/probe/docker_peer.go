package probe

import (
	"context"
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// dockerProcess is who listens on a Unix socket, as the kernel tells.
type dockerProcess struct {
	pid int
	uid uint32
}

// dockerPeer connects to a socket and asks the kernel who is at the other end: a path says little about that.
func dockerPeer(ctx context.Context, socket string) (dockerProcess, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return dockerProcess{}, err
	}
	defer func() { _ = conn.Close() }()
	plain, ok := conn.(*net.UnixConn)
	if !ok {
		return dockerProcess{}, errors.New("it is no Unix socket")
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return dockerProcess{}, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, credErr); err != nil {
		return dockerProcess{}, err
	}
	return dockerProcess{pid: int(cred.Pid), uid: cred.Uid}, nil
}
