package libvirt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"libvirt.org/go/libvirt"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// The most that is shown of a value and of libvirt's own words, in bytes.
const (
	maxShown   = 120
	maxMessage = 500
)

// translate turns an error of libvirt into its message and, where there is one, the error of provisioner that it
// stands for. Codes and domains of libvirt mean nothing outside of this room.
func translate(err error) error {
	lv, ok := errors.AsType[libvirt.Error](err)
	if !ok {
		return err
	}
	switch lv.Code { // the others say all in their message
	case libvirt.ERR_NO_DOMAIN:
		return hypervisor.ErrNoDomain
	case libvirt.ERR_NO_SUPPORT:
		return fmt.Errorf("%w: %s", hypervisor.ErrUnsupported, oneLine(lv.Message))
	}
	return errors.New(oneLine(lv.Message))
}

// unreachable says which libvirt does not answer and how to start it.
func unreachable(uri string, cause error) error {
	remedy := "systemctl start libvirtd      (without systemd: virtlogd -d; libvirtd -d)"
	text := translate(cause).Error()
	// That the socket cannot be opened is said by libvirt's part in this process, which sets no language; it has no code of its own.
	if denied(cause) || isCode(cause, libvirt.ERR_SYSTEM_ERROR) && strings.Contains(text, "ermission denied") {
		remedy = "run it with sudo, or as a member of the group libvirt"
	}
	return fault.New(fault.HypervisorUnreachable, remedy, "%w at %q: %s", hypervisor.ErrUnreachable, clip(uri, maxShown), text)
}

// denied tells whether libvirt does not let the caller in.
func denied(err error) bool {
	return slices.ContainsFunc([]libvirt.ErrorNumber{
		libvirt.ERR_AUTH_FAILED, libvirt.ERR_AUTH_CANCELLED, libvirt.ERR_AUTH_UNAVAILABLE, libvirt.ERR_ACCESS_DENIED,
	}, func(code libvirt.ErrorNumber) bool { return isCode(err, code) })
}

func isCode(err error, code libvirt.ErrorNumber) bool {
	lv, ok := errors.AsType[libvirt.Error](err)
	return ok && lv.Code == code
}

// lacks tells whether the driver does not have the call, or not with these arguments.
func lacks(err error) bool {
	return isCode(err, libvirt.ERR_NO_SUPPORT)
}

// oneLine: libvirt passes on what it was given and what QEMU wrote before it died, which can be a page and can hold
// the control characters of a terminal.
func oneLine(text string) string {
	return clip(strings.Join(strings.Fields(clean(text)), " "), maxMessage)
}

// clean puts a space in the place of all that does not print.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
