package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// setting is one line of a file of sysctl.d(5).
type setting struct {
	key      string // as it is written there
	file     string // below /proc/sys
	value    string
	optional bool // "-" before the key: no harm if it cannot be set
}

// applySettings sets what settingsFile says. systemd-sysctl does so too, but at the first boot it runs before there is
// such a file, and always before there are the modules to which some settings belong; it complains to nobody.
func (a *Agent) applySettings() error {
	content, err := a.seeded(settingsFile)
	if err != nil {
		return err
	}
	settings, err := parseSettings(string(content))
	if err != nil {
		return fmt.Errorf("%s: %w", settingsFile, err)
	}
	for _, s := range settings {
		err := write(a.path(filepath.Join("/proc/sys", s.file)), s.value)
		switch {
		case err == nil || s.optional:
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: this kernel has no setting %s", settingsFile, s.key)
		default:
			return fmt.Errorf("%s: set %s to %q: %w", settingsFile, s.key, s.value, err)
		}
	}
	return nil
}

// parseSettings reads lines of the form KEY = VALUE. Patterns, which sysctl.d(5) has too, are refused.
func parseSettings(content string) ([]setting, error) {
	var all []setting
	number := 0
	for line := range strings.Lines(content) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, optional := strings.CutPrefix(strings.TrimSpace(key), "-")
		file := settingFile(key)
		if !ok || file == "" {
			return nil, fmt.Errorf("line %d is no setting: %.80q", number, line)
		}
		all = append(all, setting{key: key, file: file, value: strings.TrimSpace(value), optional: optional})
	}
	return all, nil
}

// settingFile is the file of a setting, or "" when there can be none. The separator that comes first in the key parts
// it; the other one then stands for itself: net.ipv4.conf.eth0/1.forwarding is net/ipv4/conf/eth0.1/forwarding.
func settingFile(key string) string {
	file := key
	if i := strings.IndexAny(key, "./"); i >= 0 && key[i] == '.' {
		file = strings.NewReplacer(".", "/", "/", ".").Replace(key)
	}
	if file == "." || !filepath.IsLocal(file) || filepath.Clean(file) != file || strings.ContainsAny(file, " \t*?[]\\\x00") {
		return ""
	}
	return file
}
