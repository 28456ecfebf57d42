package libvirt

import (
	"sync"

	"libvirt.org/go/libvirt"

	"holm/provisioner/hypervisor"
)

// hub hands libvirt's events on to whoever waits for them. Libvirt takes each kind of event once per connection and
// refuses a second registration, therefore there is one, for all domains, for the life of the Host.
type hub struct {
	mu   sync.Mutex
	subs map[*subscription]struct{}
}

// notice is one event of a domain: a change of its state or, with a device, the fate of an unplug.
type notice struct {
	hypervisor.Event
	device  string // alias
	refused bool   // the guest did not let go of it
}

// register subscribes to conn's events; the callbacks run in the event loop, and none may block.
func (b *hub) register(conn *libvirt.Connect) error {
	_, err := conn.DomainEventLifecycleRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventLifecycle) {
		if event, matters := eventOf(e); matters {
			b.tell(d, notice{Event: event})
		}
	})
	if err != nil {
		return err
	}
	_, err = conn.DomainEventDeviceRemovedRegister(nil, func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventDeviceRemoved) {
		b.tell(d, notice{device: e.DevAlias})
	})
	if err != nil {
		return err
	}
	_, err = conn.DomainEventDeviceRemovalFailedRegister(nil,
		func(_ *libvirt.Connect, d *libvirt.Domain, e *libvirt.DomainEventDeviceRemovalFailed) {
			b.tell(d, notice{device: e.DevAlias, refused: true})
		})
	return err
}

func (b *hub) tell(d *libvirt.Domain, n notice) {
	uuid, err := d.GetUUIDString()
	if err != nil {
		return // it needs no libvirtd, and fails only for a domain that is none
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		if s.uuid == uuid {
			s.put(n)
		}
	}
}

// subscribe begins to collect the notices of one domain, which need not exist; end must be called.
func (b *hub) subscribe(uuid string) (s *subscription, end func()) {
	s = &subscription{uuid: uuid, ready: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[s] = struct{}{}
	return s, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, s)
	}
}

// subscription stands between the event loop, which must not wait, and a reader who may. It is bounded: of a reader
// who does not read, only the latest notices are worth keeping.
type subscription struct {
	uuid    string
	mu      sync.Mutex
	notices []notice
	ready   chan struct{} // holds one when there are notices
}

const maxNotices = 64

func (s *subscription) put(n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notices) == maxNotices {
		s.notices = s.notices[1:]
	}
	s.notices = append(s.notices, n)
	signal(s.ready)
}

func (s *subscription) take() []notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	notices := s.notices
	s.notices = nil
	return notices
}
