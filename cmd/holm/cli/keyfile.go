package cli

import (
	"io"
	"os"
	"strings"

	"holm/internal/fault"
)

// maxKeyFile is the longest file of public keys that is read, in bytes.
const maxKeyFile = 64 << 10

// ReadPublicKeys reads a file in authorized_keys format, without comments and empty lines. Whether each line is a
// key is judged by the room that writes them down; here only what is plainly the wrong file is refused.
func ReadPublicKeys(path string) ([]string, error) {
	f, err := os.Open(path) // #nosec G304 -- the caller names the file, and may read it as whoever runs holm
	if err != nil {
		return nil, fault.New(fault.Usage, "name a readable file of public keys: --ssh-key ~/.ssh/id_ed25519.pub", "--ssh-key: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, fault.New(fault.Usage, "name a readable file of public keys: --ssh-key ~/.ssh/id_ed25519.pub", "--ssh-key: %w", err)
	case len(data) > maxKeyFile:
		return nil, fault.New(fault.Usage, "name a file of public keys", "--ssh-key: %s is longer than 64 KiB", Quoted(path))
	case strings.Contains(string(data), "PRIVATE KEY-----"):
		return nil, fault.New(fault.Usage, "give the public half: --ssh-key "+ShellWord(path)+".pub",
			"--ssh-key: %s is a private key", Quoted(path))
	}
	var keys []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, line)
		}
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.Usage, "name a file of public keys", "--ssh-key: there is no key in %s", Quoted(path))
	}
	return keys, nil
}
