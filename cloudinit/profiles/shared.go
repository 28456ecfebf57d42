package profiles

import (
	"encoding/json"
	"fmt"

	"holm/internal/strictjson"
)

// instance is what the guest agent reads to know which profile to bring up, and for whom. With the params the agent of a later
// image makes that image's version of the profile's files.
type instance struct {
	ID      string `json:"id"`
	Profile string `json:"profile"`
	User    string `json:"user"`
	Params  Params `json:"params"`
}

// InstanceFile is where a guest keeps what DecodeInstance reads.
const InstanceFile = "/etc/holm/instance.json"

// DecodeInstance returns the profile and the params of a guest's InstanceFile. Those of an older holm lack all but the id and the
// user.
func DecodeInstance(content []byte) (profile string, p Params, err error) {
	var i instance
	if err := json.Unmarshal(content, &i); err != nil {
		return "", Params{}, fmt.Errorf("read %s: %w", InstanceFile, err)
	}
	i.Params.InstanceID, i.Params.User = i.ID, i.User
	return i.Profile, i.Params, nil
}

// sharedFiles are the files of every profile; what they say may differ.
func sharedFiles(profile string, p Params) ([]File, error) {
	files, err := filesOf([]draft{
		{
			InstanceFile, 0o644, "Tells the guest agent who this instance is and its profile.",
			func() ([]byte, error) {
				return strictjson.Encode(instance{ID: p.InstanceID, Profile: profile, User: p.User, Params: p})
			},
		},
		{
			"/etc/holm/firewall.json", 0o600, "The rules for nft: nothing comes in but what the profile needs.",
			func() ([]byte, error) { return newRuleset(profile).Encode() },
		},
		{
			"/etc/holm/modules.json", 0o644, "The kernel modules to load before the kernel takes no more.",
			func() ([]byte, error) { return strictjson.Encode(newModules(profile)) },
		},
		{
			"/etc/sysctl.d/90-holm.conf", 0o644, "The kernel's settings, stricter than Debian's.",
			func() ([]byte, error) { return encodeSysctls(newSysctls(profile)) },
		},
		{
			"/etc/ssh/sshd_config.d/05-holm-instance.conf", 0o644, "What sshd has to know of this instance's own addresses and of its host.",
			func() ([]byte, error) { return newSSHD(p).encode(), nil },
		},
	})
	if err != nil || p.HostKey == "" {
		return files, err
	}
	return append(files, File{
		Path: "/etc/ssh/holm/" + p.User, Mode: 0o644, Content: []byte(p.HostKey + "\n"),
		Purpose: "The host's own key, by which holm's verbs come in; it stays when the user's list of keys is replaced.",
	}), nil
}
