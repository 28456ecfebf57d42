package instances

import (
	"holm/cloudinit"
	"holm/images"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
)

// Spec is what a person asks for. Everything in it is untrusted until it has been admitted.
type Spec struct {
	Name    string
	Tenant  string // "" is model.DefaultTenant
	Profile string // "" is DefaultProfile
	Flavor  string // "" is DefaultFlavor
	Image   string // name, digest or prefix; "" is DefaultImage, or for profile k3s the one with k3s in it
	User    string // login name in the guest; "" is DefaultUser

	// These override the flavor when they are not zero.
	VCPUs     int
	MemoryMiB int
	DiskGiB   int

	// NoVerify makes an instance that is ready without having been held to its promises, now and at later starts.
	NoVerify bool

	Pool string // where its volume is to lie; "" is the host's own pool, and without one the state directory
	// AllowDegraded takes a pool that has lost a drive; it is recorded.
	AllowDegraded bool
	// ResidencyOverride is the reason to let it lie where its tenant's rule does not allow; it is recorded.
	ResidencyOverride string

	AuthorizedKeys []string // besides holm's own key, in authorized_keys format
	APINames       []string // names and addresses by which the API of a k3s instance is reached from outside

	Environment environment.Change // what it is told of the world besides what its tenant and its host say
}

// Defaults of CreateSpec.
const (
	DefaultProfile = "docker"
	DefaultFlavor  = "small"
	DefaultImage   = "debian-13"
	DefaultUser    = "ops"
)

// withDefaults fills in what was left out and holds the rest to its forms. It looks at nothing but the spec.
func (s Spec) withDefaults() (Spec, error) {
	for _, d := range []struct {
		value    *string
		fallback string
	}{
		{&s.Tenant, model.DefaultTenant},
		{&s.Profile, DefaultProfile},
		{&s.Flavor, DefaultFlavor},
		{&s.Image, DefaultImage},
		{&s.User, DefaultUser},
	} {
		if *d.value == "" {
			*d.value = d.fallback
		}
	}
	if s.Image == DefaultImage && s.Profile == cloudinit.ProfileK3s {
		s.Image += images.K3sSuffix
	}
	if err := model.ValidateName("name", s.Name); err != nil {
		return s, err
	}
	if err := model.ValidateName("tenant", s.Tenant); err != nil {
		return s, err
	}
	if err := tenants.ValidateReason(s.ResidencyOverride); err != nil {
		return s, err
	}
	if err := cloudinit.ValidateHostname(s.Name); err != nil {
		return s, err
	}
	if err := cloudinit.ValidateProfile(s.Profile); err != nil {
		return s, err
	}
	if err := cloudinit.ValidateUser(s.User); err != nil {
		return s, err
	}
	if err := cloudinit.ValidateAPINames(s.Profile, s.APINames); err != nil {
		return s, err
	}
	if len(s.AuthorizedKeys) > model.MaxKeys {
		return s, fault.New(fault.Usage, "give the others to the instance once it runs", "%d SSH keys are too many: use at most %d",
			len(s.AuthorizedKeys), model.MaxKeys)
	}
	for _, key := range s.AuthorizedKeys {
		if err := cloudinit.ValidateKey(key); err != nil {
			return s, err
		}
	}
	return s, nil
}
