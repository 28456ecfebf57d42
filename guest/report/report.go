// Package report is the language that the guest and the host speak over the virtio port: one JSON object a line.
// The host asks with a nonce, the guest answers with what it is and goes on to tell each change of stage until it is
// ready or has failed. The host treats every line as hostile: its length is limited, unknown fields are ignored.
package report

// Port is the name of the virtio port; inside the guest it is /dev/virtio-ports/<Port>.
const Port = "holm.report.0"

// MaxLine is the longest line that either side accepts, in bytes.
const MaxLine = 64 << 10

// Version of this language.
const Version = 1

// The stages of a boot, in order. A guest ends in StageReady or StageFailed.
const (
	StageBoot      = "boot"
	StageCloudInit = "cloud-init"
	StageDocker    = "docker"
	StageReady     = "ready"
	StageFailed    = "failed"
)

// Question is what the host writes.
type Question struct {
	Version int    `json:"version"`
	Nonce   string `json:"nonce"`
}

// Report is what the guest writes.
type Report struct {
	Version   int     `json:"version"`
	Nonce     string  `json:"nonce"`
	Stage     string  `json:"stage"`
	Note      string  `json:"note,omitempty"`   // what it is doing, or why it failed: one line
	Uptime    float64 `json:"uptime"`           // seconds
	BootID    string  `json:"boot_id"`          // /proc/sys/kernel/random/boot_id
	MachineID string  `json:"machine_id"`       // /etc/machine-id
	Kernel    string  `json:"kernel"`           // uname -r
	HostKey   string  `json:"host_key"`         // "ssh-ed25519 AAAA…", without comment
	Checks    []Check `json:"checks,omitempty"` // only with StageReady and StageFailed
}

// Check is one promise of the profile as the guest found it.
type Check struct {
	ID    string `json:"id"`
	OK    bool   `json:"ok"`
	Found string `json:"found"` // what came back, one line
}
