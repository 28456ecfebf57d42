// Package report is the language that the guest and the host speak over the virtio port: one JSON object a line.
// The host asks with a nonce, and every answer repeats it. Asked how it is, the guest tells each change of stage until it
// is ready or has failed; asked for its checks, it tries them then and there and tells what came of each.
// The host treats every line as hostile: its length is limited, unknown fields are ignored.
package report

import "time"

// Channel is the name of the virtio port; inside the guest it is /dev/virtio-ports/<Channel>.
const Channel = "holm.report.0"

// ReadyPort is the name of a second virtio port, over which nothing is said: the guest has it open as long as it is ready, and
// the hypervisor knows without asking the guest whether it has.
const ReadyPort = "holm.ready.0"

// MaxLine is the longest line that a host accepts of its guest, in bytes.
const MaxLine = 64 << 10

// MaxQuestion is the longest question that a guest accepts, in bytes: an environment may have many certificates.
const MaxQuestion = 256 << 10

// Version of this language.
const Version = 2

// What the host can ask for.
const (
	AskStatus       = ""             // how are you: a report now and at each change of stage
	AskChecks       = "checks"       // try your promises: StageChecking, then StageChecked with Checks
	AskEnvironment  = "environment"  // the host tells its Environment: StageChecked once it is in force, Note is what of it has to wait
	AskExpose       = "expose"       // the host publishes Ports, and no others: StageChecked once the guest lets them in
	AskGrow         = "grow"         // the state disk has Bytes now: StageChecked with Grown
	AskCapabilities = "capabilities" // watch who uses what for Seconds: StageChecking, then StageChecked with Capabilities
)

// The stages of a boot, in order. A guest ends in StageReady, which says that its profile is up and not that it keeps
// its promises, or in StageFailed.
const (
	StageBoot      = "boot"
	StageCloudInit = "cloud-init"
	StageProfile   = "profile" // the profile's modules, settings and firewall are put to the kernel
	StageDocker    = "docker"
	StageK3s       = "k3s"
	StageReady     = "ready"
	StageFailed    = "failed"
)

// The stages of an answer to AskChecks, AskGrow and AskCapabilities. It ends in StageChecked, or in StageFailed with a Note.
const (
	StageChecking = "checking" // Note is the id of the check that is being tried
	StageChecked  = "checked"
)

// Question is what the host writes. A new question ends the answer to the one before.
type Question struct {
	Version int    `json:"version"`
	Nonce   string `json:"nonce"`
	Ask     string `json:"ask,omitempty"`
	Seconds int    `json:"seconds,omitempty"` // AskCapabilities: how long to watch
	Bytes   uint64 `json:"bytes,omitempty"`   // AskGrow: how large the state disk was made
	Ports   []Port `json:"ports,omitempty"`   // AskStatus and AskExpose: those of the guest that are let in

	// Environment is told with AskStatus, and by itself with AskEnvironment; nil leaves the guest with what it knows.
	Environment *Environment `json:"environment,omitempty"`
}

// Report is what the guest writes.
type Report struct {
	Version   int       `json:"version"`
	Nonce     string    `json:"nonce"`
	Stage     string    `json:"stage"`
	Note      string    `json:"note,omitempty"` // what it is doing, or why it failed: one line
	Uptime    float64   `json:"uptime"`         // seconds
	Clock     time.Time `json:"clock"`          // the guest's, when it wrote this
	BootID    string    `json:"boot_id"`        // /proc/sys/kernel/random/boot_id
	MachineID string    `json:"machine_id"`     // /etc/machine-id
	Kernel    string    `json:"kernel"`         // uname -r
	HostKey   string    `json:"host_key"`       // "ssh-ed25519 AAAA…", without comment

	// Undecided is how many files of /etc its owner has to look at, since an image of another version came: they are listed
	// in the guest, in boot.ConflictsFile.
	Undecided int `json:"undecided,omitempty"`

	// Bait is a TCP port on which the guest listens, on all its addresses, while it tries its checks: the host is to fail
	// to reach it. 0 when it does not.
	Bait int `json:"bait,omitempty"`

	Checks       []Check       `json:"checks,omitempty"`       // only with StageChecked
	Capabilities *Capabilities `json:"capabilities,omitempty"` // only with StageChecked
	Grown        *Grown        `json:"grown,omitempty"`        // only with StageChecked
}

// Grown is what became of the state file system when its disk had grown. Bytes, without what it keeps for itself.
type Grown struct {
	Before uint64 `json:"before"`
	After  uint64 `json:"after"`
}

// Outcome is what a check came to.
type Outcome string

// The outcomes of a check. Inconclusive means that the attempt proves nothing, because what had to succeed did not
// succeed either. NotApplicable means that the subject of the promise does not exist here, and says why.
const (
	Passed        Outcome = "pass"
	Failed        Outcome = "fail"
	Inconclusive  Outcome = "inconclusive"
	NotApplicable Outcome = "n/a"
)

// Check is one promise as the guest found it.
type Check struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	Tried   string  `json:"tried"` // what was attempted, one line
	Found   string  `json:"found"` // what came back, one line
	Millis  int64   `json:"millis"`
}

// Capabilities is who holds which capabilities in the guest, and who was seen to use them.
type Capabilities struct {
	Watched float64    `json:"watched"` // seconds
	Subject []Consumer `json:"subjects"`
	Dropped int        `json:"dropped,omitempty"` // subjects left out because the answer would be too long
}

// Consumer is one process, or one container with all its processes.
type Consumer struct {
	Kind      string   `json:"kind"` // "process", "container" or "pod"
	Name      string   `json:"name"` // command name, container name, namespace/pod
	PIDs      []int    `json:"pids,omitempty"`
	User      string   `json:"user"`      // name or number, as the guest's root sees it
	UserNS    bool     `json:"user_ns"`   // in a user namespace of its own: its capabilities do not reach the guest
	Effective []string `json:"effective"` // "CAP_NET_RAW", sorted
	Used      []string `json:"used"`      // seen to be asked for and granted while watched, sorted
}
