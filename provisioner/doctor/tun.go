package doctor

import (
	"context"
	"errors"
	"io/fs"
)

func checkTUN(_ context.Context, e *env) Result {
	err := openDevice(e.path("/dev/net/tun"))
	switch {
	case err == nil:
		return ok("/dev/net/tun opens")
	case errors.Is(err, fs.ErrPermission):
		return warn("sudo holm doctor", "/dev/net/tun %s", plain(err))
	default:
		return fail("modprobe tun", "/dev/net/tun %s", plain(err))
	}
}
