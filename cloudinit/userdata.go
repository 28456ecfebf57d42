package cloudinit

import (
	"encoding/json"
	"fmt"
)

// userData is a #cloud-config document as far as holm uses it.
type userData struct {
	Hostname        string      `json:"hostname"`
	ManageEtcHosts  bool        `json:"manage_etc_hosts"`
	Users           []user      `json:"users"`
	SSHPasswordAuth bool        `json:"ssh_pwauth"`
	DisableRoot     bool        `json:"disable_root"`
	SSHDeleteKeys   bool        `json:"ssh_deletekeys"`
	SSHGenKeyTypes  []string    `json:"ssh_genkeytypes"`
	PackageUpdate   bool        `json:"package_update"`
	WriteFiles      []writeFile `json:"write_files"`

	// A nil list is left out, an empty one is written: it tells cloud-init to run nothing.
	InitModules   []string `json:"cloud_init_modules,omitzero"`
	ConfigModules []string `json:"cloud_config_modules,omitzero"`
	FinalModules  []string `json:"cloud_final_modules,omitzero"`
}

type user struct {
	Name              string   `json:"name"`
	Sudo              []string `json:"sudo"`
	LockPassword      bool     `json:"lock_passwd"`
	Shell             string   `json:"shell"`
	SSHAuthorizedKeys []string `json:"ssh_authorized_keys"`
}

type writeFile struct {
	Path        string `json:"path"`
	Owner       string `json:"owner"`
	Permissions string `json:"permissions"`
	Content     string `json:"content"`
}

// metaData is NoCloud's meta-data. A new instance-id is what makes cloud-init take a boot for the first.
type metaData struct {
	InstanceID    string `json:"instance-id"`
	LocalHostname string `json:"local-hostname"`
	// DSMode "local" lets cloud-init do all its work in its first stage, before the network: nothing in a seed has to
	// be fetched. That is the one stage that the image's agent runs.
	DSMode string `json:"dsmode,omitempty"`
}

// instance is what the guest agent reads from instancePath to know which profile to bring up, and for whom.
type instance struct {
	ID      string `json:"id"`
	Profile string `json:"profile"`
	User    string `json:"user"`
}

// newMetaData leaves the mode to cloud-init where the seed brings module lists: those are for all of its stages.
func newMetaData(s Spec) metaData {
	meta := metaData{InstanceID: s.InstanceID, LocalHostname: s.Hostname}
	if s.Modules == nil {
		meta.DSMode = "local"
	}
	return meta
}

// newUserData expects a normalized Spec.
func newUserData(s Spec) (userData, error) {
	content, err := json.Marshal(instance{ID: s.InstanceID, Profile: s.Profile, User: s.User})
	if err != nil {
		return userData{}, fmt.Errorf("cannot write %s for the instance %s: %w", instancePath, s.InstanceID, err)
	}
	data := userData{
		Hostname:    s.Hostname,
		DisableRoot: true,
		Users: []user{{
			Name:              s.User,
			Sudo:              []string{"ALL=(ALL) NOPASSWD:ALL"},
			LockPassword:      true,
			Shell:             "/bin/bash",
			SSHAuthorizedKeys: s.AuthorizedKeys,
		}},
		SSHDeleteKeys: true,
		// One kind, for RSA keys cost a slow guest seconds and no client needs them.
		SSHGenKeyTypes: []string{"ed25519"},
		WriteFiles: []writeFile{{
			Path:        instancePath,
			Owner:       "root:root",
			Permissions: fmt.Sprintf("%04o", instanceMode),
			Content:     string(content) + "\n",
		}},
	}
	if m := s.Modules; m != nil {
		data.InitModules, data.ConfigModules, data.FinalModules = m.Init, m.Config, m.Final
	}
	return data, nil
}
