package machine

import (
	"encoding/xml"
	"fmt"

	"libvirt.org/go/libvirtxml"
)

// MetadataNS is the namespace of the element by which a domain says whose it is.
const MetadataNS = "https://holm.invalid/xmlns/instance/1"

// owner is holm's element in a domain's metadata.
type owner struct {
	XMLName xml.Name `xml:"holm:instance"`
	NS      string   `xml:"xmlns:holm,attr"`
	ID      string   `xml:"holm:id"`
	Tenant  string   `xml:"holm:tenant"`
	Name    string   `xml:"holm:name"`
}

func metadata(s Spec) (*libvirtxml.DomainMetadata, error) {
	text, err := xml.Marshal(owner{NS: MetadataNS, ID: s.InstanceID, Tenant: s.Tenant, Name: s.Name})
	if err != nil {
		return nil, fmt.Errorf("render the metadata of domain %q: %w", s.Name, err)
	}
	return &libvirtxml.DomainMetadata{XML: string(text)}, nil
}
