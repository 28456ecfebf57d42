package cloudinit

import "io/fs"

const (
	instancePath = "/etc/holm/instance.json"
	instanceMode = fs.FileMode(0o644)
)

// File is one file that the first boot makes inside the guest because of the seed.
type File struct {
	Path    string // absolute; USER stands for the instance's user
	Mode    fs.FileMode
	Purpose string // one sentence for people
}

// Files lists what the first boot makes inside an instance of that profile because of its seed, sorted by path. What
// is baked into the image is not among them.
func Files(profile string) []File {
	brings := "nothing but a shell"
	if profile == ProfileDocker {
		brings = "rootless Docker for its user"
	}
	return []File{
		{
			instancePath, instanceMode,
			"Tells the guest agent who this instance is and which profile to bring up: here " + brings + ".",
		},
		{
			"/etc/hostname", 0o644,
			"The host name.",
		},
		{
			"/etc/ssh/ssh_host_ed25519_key", 0o600,
			"The instance's own host key, made inside it; the host learns only the public half.",
		},
		{
			"/etc/sudoers.d/90-cloud-init-users", 0o440,
			"Lets the instance's user become root without a password, for it has none.",
		},
		{
			"/etc/systemd/network/10-cloud-init-eth0.network", 0o644,
			"The static address, route and name servers; nothing is learnt from the network.",
		},
		{
			"/home/USER/.ssh/authorized_keys", 0o600,
			"The SSH keys that may log in.",
		},
	}
}
