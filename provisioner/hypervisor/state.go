package hypervisor

// State is what the hypervisor says of a domain now.
type State string

// The states of a domain that matter here.
const (
	Absent  State = "absent"
	Unknown State = "unknown" // libvirt cannot be reached; no hypervisor says so itself
	Off     State = "off"
	Running State = "running"
	Paused  State = "paused"
	// Stalled is paused by the hypervisor itself, because a disk failed or has no space: DiskErrors says which, and
	// Resume lets the guest go on.
	Stalled State = "stalled"
	Crashed State = "crashed"
)

// Event is a change of a domain's state.
type Event struct {
	State  State
	Reason string // "shutdown", "destroyed", "crashed", "io-error", …
}
