package cloudinit

import (
	"bytes"
	"crypto/rsa"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
)

const (
	maxKeys     = 16
	maxKeyBytes = 8 << 10
	minRSABits  = 3072
	// maxRSABits is the longest modulus that OpenSSH accepts: a longer key would lock its owner out.
	maxRSABits = 16384
)

const keyRemedy = "give the one line of a .pub file: ssh-keygen -t ed25519 makes one"

// ValidateKey says whether line is one SSH public key that holm lets into an instance: ed25519, ecdsa, their hardware
// (sk-) kinds, or RSA of at least 3072 bits, without options. The error is a *fault.Error of kind Usage.
func ValidateKey(line string) error {
	_, err := parseKey(line)
	return err
}

// canonicalKeys validates all lines and drops what is there twice; the order is the caller's.
func canonicalKeys(lines []string) ([]string, error) {
	switch {
	case len(lines) == 0:
		return nil, usage(keyRemedy, "no SSH key was given: nobody could log in")
	case len(lines) > maxKeys:
		return nil, usage("give the others to the instance once it runs", "%d SSH keys are too many: at most %d",
			len(lines), maxKeys)
	}
	var keys []string
	var seen [][]byte
	for _, line := range lines {
		key, err := parseKey(line)
		if err != nil {
			return nil, err
		}
		blob := key.public.Marshal()
		if slices.ContainsFunc(seen, func(other []byte) bool { return bytes.Equal(other, blob) }) {
			continue
		}
		seen = append(seen, blob)
		keys = append(keys, key.line())
	}
	return keys, nil
}

type authorizedKey struct {
	public  ssh.PublicKey
	comment string
}

// line is the key in the one spelling that holm writes: kind, base64, comment.
func (k authorizedKey) line() string {
	text := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k.public)))
	if k.comment != "" {
		text += " " + k.comment
	}
	return text
}

func parseKey(line string) (authorizedKey, error) {
	// Said first and without repeating the value, for what is refused here may be a secret.
	if strings.Contains(line, "PRIVATE KEY") {
		return authorizedKey{}, usage("give the .pub file beside it", "a private SSH key was given instead of a public one")
	}
	if len(line) > maxKeyBytes {
		return authorizedKey{}, usage(keyRemedy, "SSH key %s is longer than %d bytes", quote(line), maxKeyBytes)
	}
	line = strings.TrimSpace(line)
	if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return authorizedKey{}, usage(keyRemedy, "SSH key %s holds a newline or another control character", quote(line))
	}
	public, comment, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || len(rest) > 0 {
		return authorizedKey{}, usage(keyRemedy, "%s is not an SSH public key", quote(line))
	}
	if len(options) > 0 {
		return authorizedKey{}, usage("leave out what stands before the key's kind", "SSH key %s has options", quote(line))
	}
	return authorizedKey{public: public, comment: strings.TrimSpace(comment)}, validateKind(public, line)
}

func validateKind(public ssh.PublicKey, line string) error {
	switch kind := public.Type(); kind {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		bits := rsaBits(public)
		if bits < minRSABits || bits > maxRSABits {
			return usage("use a key of ssh-keygen -t ed25519", "SSH key %s is RSA of %d bits: allowed are %d to %d",
				quote(line), bits, minRSABits, maxRSABits)
		}
		return nil
	default:
		return usage("use a key of ssh-keygen -t ed25519", "SSH key %s is of kind %s, which is not allowed",
			quote(line), kind)
	}
}

// rsaBits is the length of the modulus, 0 when the key does not show one.
func rsaBits(public ssh.PublicKey) int {
	holder, ok := public.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}
	key, ok := holder.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return 0
	}
	return key.N.BitLen()
}
