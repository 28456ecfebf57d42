package cloudinit

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"holm/cloudinit/profiles"
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
	SSHAuthorizedKeys []string `json:"ssh_authorized_keys,omitempty"`
}

type writeFile struct {
	Path        string `json:"path"`
	Owner       string `json:"owner"`
	Permissions string `json:"permissions"`
	Encoding    string `json:"encoding,omitempty"`
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
	files, err := profiles.Files(s.Profile, profiles.Params{
		InstanceID: s.InstanceID, Hostname: s.Hostname, User: s.User, Address: s.Address.Addr(), Address6: s.Address6.Addr(),
		Gateways: []netip.Addr{s.Gateway, s.Gateway6}, HostKey: s.OwnKey, APINames: s.APINames,
	})
	if err != nil {
		return userData{}, fmt.Errorf("instance %s: %w", s.InstanceID, err)
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
	}
	for _, f := range files {
		data.WriteFiles = append(data.WriteFiles, newWriteFile(f))
	}
	if m := s.Modules; m != nil {
		data.InitModules, data.ConfigModules, data.FinalModules = m.Init, m.Config, m.Final
	}
	return data, nil
}

// newWriteFile has cloud-init write a file of root's. The folders above it are everybody's to enter, as cloud-init
// makes them.
func newWriteFile(f profiles.File) writeFile {
	w := writeFile{
		Path: f.Path, Owner: "root:root", Permissions: permissions(f.Mode), Content: string(f.Content),
	}
	if !plainText(w.Content) {
		w.Encoding, w.Content = "b64", base64.StdEncoding.EncodeToString(f.Content)
	}
	return w
}

// permissions writes a mode as cloud-init reads it: text of octal digits, for a number would be a decimal one.
func permissions(mode fs.FileMode) string { return fmt.Sprintf("%04o", mode.Perm()) }

// plainText tells whether any reader of YAML, 1.1 or 1.2, gets a text back as it is: printable ASCII in lines of which
// the last one ends.
func plainText(s string) bool {
	return strings.HasSuffix(s, "\n") && !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') })
}
