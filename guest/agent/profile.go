package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"

	"holm/cloudinit/profiles"
	"holm/guest/boot"
	"holm/guest/probe"
	"holm/guest/renewal"
	"holm/internal/atomicfile"
)

// profileRecord is what the agent keeps of the profile's files between boots.
const profileRecord = "/var/lib/holm/profile-files.json"

// k3sConfig is where an instance of an older holm says what its address is.
const k3sConfig = "/etc/rancher/k3s/config.yaml"

// profileFile is what was known of one of the profile's files at the last boot: SHA-256.
type profileFile struct {
	Made  string `json:"made"`  // of what the image's agent would have made
	Found string `json:"found"` // of what the first boot, or an agent since, put there
}

// renewProfile makes the image's version of the profile's files when it is another one than that of the image before. The
// files came from the seed, and the seed is gone; a newer holm's hardening would never reach this instance. What its owner
// changed stays, and the image's version is put beside it. first is the first boot, at which they are as they should be.
func (a *Agent) renewProfile(first bool) error {
	files, err := a.profileFiles()
	if err != nil {
		return err
	}
	known, err := a.knownFiles()
	if err != nil {
		return err
	}
	var conflicts []renewal.Conflict
	next := map[string]profileFile{}
	for _, f := range files {
		was, recorded := known[f.Path]
		// Nothing is known of an instance from before there was a record, in which all files are holm's own.
		now, conflict, err := a.renewFile(f, was, first || recorded)
		if err != nil {
			return fmt.Errorf("renew %s: %w", f.Path, err)
		}
		next[f.Path] = now
		if conflict.Path != "" {
			conflicts = append(conflicts, conflict)
		}
	}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if old, err := json.Marshal(known); err == nil && string(old) == string(text) {
		return nil
	}
	if err := a.addConflicts(conflicts); err != nil {
		return err
	}
	if err := os.MkdirAll(a.path(filepath.Dir(profileRecord)), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteBytes(a.path(profileRecord), 0o600, text)
}

// renewFile renews one file. trusted tells that was says all that holm ever wrote there.
func (a *Agent) renewFile(f profiles.File, was profileFile, trusted bool) (profileFile, renewal.Conflict, error) {
	made := digest(f.Content)
	there, err := a.bounded(f.Path)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return was, renewal.Conflict{}, err
	}
	found := digest(there)
	switch {
	case gone:
		return profileFile{made, made}, renewal.Conflict{}, a.layFile(f, f.Path)
	case found == made:
		return profileFile{made, made}, renewal.Conflict{}, nil
	case trusted && was.Made == "":
		return profileFile{made, found}, renewal.Conflict{}, nil // as the seed brought it
	case was.Made == made:
		return was, renewal.Conflict{}, nil
	case found == was.Found:
		return profileFile{made, made}, renewal.Conflict{}, a.layFile(f, f.Path)
	case trusted:
		beside := f.Path + renewal.Suffix
		why := "it was changed here, and the image has a newer version; the instance's own stays"
		return profileFile{made, was.Found}, renewal.Conflict{Path: f.Path, Why: why, Beside: beside}, a.layFile(f, beside)
	}
	beside := f.Path + ".holm-old"
	why := "an older holm wrote it, and nothing is known of changes since: the image's version took its place"
	old := f
	old.Content = there
	return profileFile{made, made}, renewal.Conflict{Path: f.Path, Why: why, Beside: beside},
		errors.Join(a.layFile(old, beside), a.layFile(f, f.Path))
}

// profileFiles are the profile's files as this image has them, but for the one that says which instance this is.
func (a *Agent) profileFiles() ([]profiles.File, error) {
	content, err := a.bounded(profiles.InstanceFile)
	if err != nil {
		return nil, err
	}
	profile, params, err := profiles.DecodeInstance(content)
	if err != nil {
		return nil, err
	}
	if profile == probe.K3s && !params.Address.IsValid() {
		if params, err = a.olderParams(params); err != nil {
			return nil, err
		}
	}
	files, err := profiles.Files(profile, params)
	return slices.DeleteFunc(files, func(f profiles.File) bool { return f.Path == profiles.InstanceFile }), err
}

// olderParams completes the params of an instance of an older holm from what its seed said elsewhere.
func (a *Agent) olderParams(p profiles.Params) (profiles.Params, error) {
	content, err := a.bounded(k3sConfig)
	if err != nil {
		return p, err
	}
	var said struct {
		NodeName string `json:"node-name"`
		NodeIP   string `json:"node-ip"`
	}
	if err := yaml.Unmarshal(content, &said); err != nil {
		return p, fmt.Errorf("read %s: %w", k3sConfig, err)
	}
	p.Hostname = said.NodeName
	if err := p.Address.UnmarshalText([]byte(said.NodeIP)); err != nil {
		return p, fmt.Errorf("read %s: %w", k3sConfig, err)
	}
	return p, nil
}

func (a *Agent) knownFiles() (map[string]profileFile, error) {
	content, err := a.bounded(profileRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var known map[string]profileFile
	if err := json.Unmarshal(content, &known); err != nil {
		return nil, fmt.Errorf("read %s: %w", profileRecord, err)
	}
	return known, nil
}

// layFile writes a file of the profile. The folders above it are everybody's to enter, as cloud-init makes them.
func (a *Agent) layFile(f profiles.File, path string) error {
	if err := os.MkdirAll(a.path(filepath.Dir(path)), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteBytes(a.path(path), f.Mode, f.Content)
}

// undecided is how many of the conflicts listed are still to be looked at: what lay beside a file is gone once somebody has.
func (a *Agent) undecided() (open int) {
	content, err := a.bounded(boot.ConflictsFile)
	var all []renewal.Conflict
	if err != nil || json.Unmarshal(content, &all) != nil {
		return 0
	}
	for _, c := range all {
		if c.Beside == "" || a.exists(c.Beside) {
			open++
		}
	}
	return open
}

// addConflicts adds to what the boot has listed already.
func (a *Agent) addConflicts(conflicts []renewal.Conflict) error {
	if len(conflicts) == 0 {
		return nil
	}
	var all []renewal.Conflict
	content, err := a.bounded(boot.ConflictsFile)
	if err == nil {
		err = json.Unmarshal(content, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", boot.ConflictsFile, err)
	}
	text, err := renewal.EncodeConflicts(append(all, conflicts...))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.path(filepath.Dir(boot.ConflictsFile)), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteBytes(a.path(boot.ConflictsFile), 0o644, text)
}

// bounded reads a file of at most maxFile bytes.
func (a *Agent) bounded(path string) ([]byte, error) {
	f, err := os.Open(a.path(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is longer than %d KiB", path, maxFile>>10)
	}
	return content, err
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
