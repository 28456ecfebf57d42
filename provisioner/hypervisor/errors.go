package hypervisor

import (
	"errors"
)

// Errors of the hypervisor, wrapped with details.
var (
	// ErrNoDomain means that no domain has that UUID.
	ErrNoDomain = errors.New("no such domain")
	// ErrNotOurs means that an object of that name exists and is not the one holm made.
	ErrNotOurs = errors.New("exists but does not belong to holm")
	// ErrUnreachable means that libvirt does not answer.
	ErrUnreachable = errors.New("cannot reach libvirt")
	// ErrUnsupported means that this hypervisor driver lacks the call.
	ErrUnsupported = errors.New("not supported by this hypervisor")
)
