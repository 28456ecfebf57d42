package cloudinit

import (
	"net/netip"
	"regexp"

	"holm/cloudinit/profiles"
	"holm/internal/fault"
)

// The profiles that a seed can bring up.
const (
	ProfilePlain  = profiles.Plain
	ProfileDocker = profiles.Docker
	ProfileK3s    = profiles.K3s // in images that have k3s, which their manifests say
)

// Spec is all that the seed of one instance says. Nothing in it is trusted: Render validates it first.
type Spec struct {
	InstanceID     string       // 12 lower-case hexadecimal digits
	Hostname       string       // one DNS label, a-z first
	User           string       // the login name; may use sudo without a password
	OwnKey         string       // the host's own client key, in authorized_keys format; kept apart from the user's
	AuthorizedKeys []string     // at most 16 lines in authorized_keys format, without options; at least 1 without OwnKey
	APINames       []string     // DNS names and addresses by which the API of k3s is reached from outside; at most 8
	MAC            string       // of the one network interface
	Address        netip.Prefix // IPv4 address of the guest with the length of its subnet
	Gateway        netip.Addr   // inside the subnet of Address
	Address6       netip.Prefix // IPv6 address of the guest with the length of its subnet; zero when it has none
	Gateway6       netip.Addr   // inside the subnet of Address6
	Profile        string       // ProfilePlain, ProfileDocker or ProfileK3s

	// Modules replaces the image's lists of cloud-init modules and has all of cloud-init's stages run, as in a stock
	// image; nil leaves the lists alone and lets one stage do everything.
	Modules *Modules
}

// Validate returns the first thing that is wrong with s as a *fault.Error of kind Usage, else nil.
func (s Spec) Validate() error {
	_, err := s.normalize()
	return err
}

var instanceID = regexp.MustCompile(`^[0-9a-f]{12}$`)

// normalize returns s with its keys, MAC and addresses in their one canonical spelling, so that equal instances give
// equal seeds.
func (s Spec) normalize() (Spec, error) {
	if !instanceID.MatchString(s.InstanceID) {
		return Spec{}, usage("an id is 12 digits of 0-9 and a-f", "instance id %s is not allowed", quote(s.InstanceID))
	}
	for _, check := range []error{
		ValidateHostname(s.Hostname), ValidateUser(s.User), ValidateProfile(s.Profile), s.Modules.validate(),
	} {
		if check != nil {
			return Spec{}, check
		}
	}
	var err error
	if s.OwnKey != "" {
		own, err := parseKey(s.OwnKey)
		if err != nil {
			return Spec{}, err
		}
		s.OwnKey = own.line()
	}
	if s.OwnKey == "" || len(s.AuthorizedKeys) > 0 {
		if s.AuthorizedKeys, err = canonicalKeys(s.AuthorizedKeys); err != nil {
			return Spec{}, err
		}
	}
	if err := ValidateAPINames(s.Profile, s.APINames); err != nil {
		return Spec{}, err
	}
	if s.MAC, err = canonicalMAC(s.MAC); err != nil {
		return Spec{}, err
	}
	return s, s.validateNetwork()
}

// ValidateProfile says whether a word is a profile: nil, or a *fault.Error of kind Usage. Whether an image has what the
// profile needs is its manifest's to say.
func ValidateProfile(profile string) error {
	switch profile {
	case ProfilePlain, ProfileDocker, ProfileK3s:
		return nil
	default:
		return usage("use plain, docker or k3s", "profile %s is not known", quote(profile))
	}
}

func usage(remedy, format string, args ...any) error {
	return fault.New(fault.Usage, remedy, format, args...)
}
