package libvirt

import (
	"sync"
	"time"

	"libvirt.org/go/libvirt"
)

// eventLoop registers libvirt's event loop and runs it until the process ends. Libvirt knows one per process, it must
// be there before the first connection, and it cannot be taken away again: hence the one variable of this room that
// belongs to the process, written once.
var eventLoop = sync.OnceValue(func() error {
	if err := libvirt.EventRegisterDefaultImpl(); err != nil {
		return err
	}
	go func() {
		for {
			if err := libvirt.EventRunDefaultImpl(); err != nil {
				// It fails when poll does, which is when the machine is out of memory: try again, but not at full speed.
				<-time.After(time.Second)
			}
		}
	}()
	return nil
})
