package hypervisor

import (
	"errors"

	"holm/internal/fault"
)

// Errors of the hypervisor, wrapped with details.
var (
	// ErrNoDomain means that no domain has that UUID.
	ErrNoDomain = errors.New("no such domain")
	// ErrNotOurs means that an object of that name exists and is not the one holm made.
	ErrNotOurs = errors.New("exists but does not belong to holm")
	// ErrUnreachable means that libvirt does not answer.
	ErrUnreachable = fault.Sentinel(fault.HypervisorUnreachable,
		fault.Say("start it: sudo systemctl start libvirtd").Or("find out more", "doctor"), "cannot reach libvirt")
	// ErrUnsupported means that this hypervisor driver lacks the call.
	ErrUnsupported = fault.Sentinel(fault.HypervisorUnsupported, fault.Try("find out more", "doctor"), "not supported by this hypervisor")
)
