package provisioner

import (
	"regexp"
	"strconv"

	"holm/cloudinit"
	"holm/images"
	"holm/internal/fault"
)

// maxKeys is how many keys may be given: a seed takes 16, and one of them is holm's own.
const maxKeys = 15

var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)

// validateName holds a name to what is safe as a host name, a file name and a part of a domain's name.
func validateName(what, name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fault.New(fault.Usage, "",
		`%s %s is not allowed: use 1 to 40 of a-z, 0-9 and "-", starting with a letter, not ending with "-"`, what, quoted(name))
}

// quoted makes a value of any length and content fit for one line.
func quoted(value string) string {
	const most = 60
	if len(value) > most {
		return strconv.QuoteToASCII(value[:most]) + "…"
	}
	return strconv.QuoteToASCII(value)
}

// withDefaults fills in what was left out and holds the rest to its forms. It looks at nothing but the spec.
func (s CreateSpec) withDefaults() (CreateSpec, error) {
	for _, d := range []struct {
		value    *string
		fallback string
	}{
		{&s.Tenant, DefaultTenant},
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
	if err := validateName("name", s.Name); err != nil {
		return s, err
	}
	if err := validateName("tenant", s.Tenant); err != nil {
		return s, err
	}
	if err := validateReason(s.ResidencyOverride); err != nil {
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
	if len(s.AuthorizedKeys) > maxKeys {
		return s, fault.New(fault.Usage, "give the others to the instance once it runs", "%d SSH keys are too many: use at most %d",
			len(s.AuthorizedKeys), maxKeys)
	}
	for _, key := range s.AuthorizedKeys {
		if err := cloudinit.ValidateKey(key); err != nil {
			return s, err
		}
	}
	return s, nil
}
