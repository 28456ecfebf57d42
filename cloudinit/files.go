package cloudinit

import (
	"cmp"
	"io/fs"
	"net/netip"
	"slices"

	"holm/cloudinit/profiles"
)

// File is one file that the first boot makes inside the guest because of the seed.
type File struct {
	Path    string // absolute
	Mode    fs.FileMode
	Purpose string // one sentence for people
}

// Files lists what the first boot makes inside an instance because of its seed, sorted by path: what the seed carries
// for its profile, and what cloud-init makes of the rest of it. What is baked into the image is not among them. The
// error is that of an unknown profile.
func Files(profile, user string) ([]File, error) {
	// Which files there are depends on none of the values that stand in them.
	carried, err := profiles.Files(profile, profiles.Params{
		InstanceID: "000000000000", Hostname: "name", User: user, Address: netip.AddrFrom4([4]byte{192, 0, 2, 1}),
		HostKey: "ssh-ed25519 AAAA",
	})
	if err != nil {
		return nil, err
	}
	files := made(user)
	for _, f := range carried {
		files = append(files, File{Path: f.Path, Mode: f.Mode, Purpose: f.Purpose})
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// made is what cloud-init and the guest make themselves, for every profile.
func made(user string) []File {
	return []File{
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
			"/home/" + user + "/.ssh/authorized_keys", 0o600,
			"The user's own SSH keys that may log in, where create was given any.",
		},
	}
}
