package hypervisortest

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// parseDomain reads of a domain's XML what the fake keeps. Encoding/xml and not libvirtxml: only the rooms that make
// XML know libvirt's types.
func parseDomain(text string) (*domain, error) {
	var d struct {
		XMLName xml.Name `xml:"domain"`
		Type    string   `xml:"type,attr"`
		Name    string   `xml:"name"`
		UUID    string   `xml:"uuid"`
		VCPU    int      `xml:"vcpu"`
		Memory  struct {
			Unit  string `xml:"unit,attr"`
			Value uint64 `xml:",chardata"`
		} `xml:"memory"`
		Disks []struct {
			Driver struct {
				Type string `xml:"type,attr"`
			} `xml:"driver"`
			Target struct {
				Dev string `xml:"dev,attr"`
			} `xml:"target"`
			ReadOnly *struct{} `xml:"readonly"`
			Source   struct {
				Encryption *struct{} `xml:"encryption"`
			} `xml:"source"`
		} `xml:"devices>disk"`
	}
	if err := xml.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("define a domain: its XML cannot be read: %w", err)
	}
	if d.Type == "" || d.Name == "" || d.UUID == "" {
		return nil, fault.New(fault.Failure, "", "define domain %q: its XML lacks a type, a name or a uuid", d.Name)
	}
	units := map[string]uint64{"": 1 << 10, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
	kept := &domain{
		xml: text, uuid: d.UUID, name: d.Name, defined: true, state: hypervisor.Off,
		vcpus: d.VCPU, memory: d.Memory.Value * units[d.Memory.Unit],
	}
	for _, k := range d.Disks {
		kept.encrypted = kept.encrypted || k.Source.Encryption != nil
		kept.config = append(kept.config, disk{target: k.Target.Dev, readOnly: k.ReadOnly != nil, format: k.Driver.Type})
	}
	return kept, nil
}

// withDisks leaves out of a domain's XML the disks that are none of these.
func withDisks(text string, disks []disk) string {
	const begin, end = "<disk", "</disk>"
	before, rest, found := strings.Cut(text, begin)
	if !found {
		return text
	}
	body, after, _ := strings.Cut(rest, end)
	var d struct {
		Target struct {
			Dev string `xml:"dev,attr"`
		} `xml:"target"`
	}
	broken := xml.Unmarshal([]byte(begin+body+end), &d) != nil
	if broken || slices.ContainsFunc(disks, func(k disk) bool { return k.target == d.Target.Dev }) {
		before += begin + body + end
	}
	return before + withDisks(after, disks)
}

func parseNetwork(text string) (uuid string, n network, err error) {
	var parsed struct {
		XMLName xml.Name `xml:"network"`
		Name    string   `xml:"name"`
		UUID    string   `xml:"uuid"`
		Bridge  struct {
			Name string `xml:"name,attr"`
		} `xml:"bridge"`
		State string `xml:"metadata>network>state"`
	}
	if err := xml.Unmarshal([]byte(text), &parsed); err != nil {
		return "", network{}, fmt.Errorf("make a network: its XML cannot be read: %w", err)
	}
	if parsed.Name == "" || parsed.UUID == "" || parsed.Bridge.Name == "" {
		return "", network{}, fault.New(fault.Usage, "", "network %q is not complete: its XML needs a name, a uuid and a bridge", parsed.Name)
	}
	return parsed.UUID, network{name: parsed.Name, bridge: parsed.Bridge.Name, state: parsed.State}, nil
}

func parseFilter(text string) (name string, err error) {
	var f struct {
		XMLName xml.Name `xml:"filter"`
		Name    string   `xml:"name,attr"`
	}
	err = xml.Unmarshal([]byte(text), &f)
	return f.Name, err
}
