package evidence

import "time"

// Statement is what is said of an instance.
type Statement struct {
	// Type is in-toto's: StatementType.
	Type string `json:"_type"`
	// Subject is the instance, by the digest of its record, and the image that it runs.
	Subject []Subject `json:"subject"`
	// PredicateType says what form the predicate has: PredicateType.
	PredicateType string `json:"predicateType"`
	// Predicate is what is stated.
	Predicate Predicate `json:"predicate"`
}

// Subject is what the statement is about.
type Subject struct {
	// Name is "instance/<id>" or "image/<name>".
	Name string `json:"name"`
	// Digest is by algorithm: "sha256".
	Digest map[string]string `json:"digest"`
}

// Predicate is what was seen, when, and by whom. What only the guest could say is a claim of the guest's.
//
// It is version 1, and stays as it is: evidence is kept for years, and whoever reads it refuses a field that it does not know. Its
// types are its own, so that a field of the database or of `-o json` changes no evidence. What is to be said otherwise is another
// predicate, of another PredicateType, beside this one. Its schema is docs/evidence/v1.json.
type Predicate struct {
	// MadeAt is when it was stated.
	MadeAt time.Time `json:"made_at"`
	// Version is that of the holm which stated it.
	Version string `json:"holm_version"`
	// Host is where the instance runs.
	Host Host `json:"host"`
	// Instance is its record.
	Instance Instance `json:"instance"`
	// Tenant is whom it belongs to.
	Tenant Tenant `json:"tenant"`
	// Image is what it boots from.
	Image Image `json:"image"`
	// DomainXML is what libvirt says of the running machine, word for word.
	DomainXML string `json:"domain_xml"`
	// NetworkXML is what holm asked of its network.
	NetworkXML string `json:"network_xml"`
	// Rules are what the kernel had of the network's rules.
	Rules Rules `json:"network_rules"`
	// Encryption of the state volume: the cipher, and the names of the keys that open it; "none" for one from before there were keys.
	Encryption string `json:"encryption"`
	// VolumeBytes is what the state volume takes, in bytes.
	VolumeBytes int64 `json:"volume_bytes"`
	// Pool is where it lies; left out for the state directory, of which nothing is demanded.
	Pool *Pool `json:"pool,omitempty"`
	// Under is what the pool stands on.
	Under *FileSystem `json:"under,omitempty"`
	// Verified is what came of every promise, tried for this statement: how QEMU is confined, what the network lets through.
	Verified Verdict `json:"verified"`
	// Audit is how far the log of changes had come.
	Audit Checkpoint `json:"audit"`
	// Limits are what this does not prove.
	Limits []string `json:"limits"`
}

// Rules are a network's in the kernel, without what they count.
type Rules struct {
	// SHA256 is of each table and its lines as nft lists them; left out when there are none.
	SHA256 string `json:"sha256,omitempty"`
	// Lines is a number of lines.
	Lines int `json:"lines"`
	// AsRecorded: they are those that the records ask for, each of them and no others.
	AsRecorded bool `json:"as_recorded"`
}

// Host is where the instance runs. Site and jurisdiction are the operator's word.
type Host struct {
	// Name is the machine's.
	Name string `json:"name"`
	// Site is where it stands.
	Site string `json:"site,omitempty"`
	// Jurisdiction is whose law holds there, two letters.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// LabMode allows emulation, which is no isolation boundary.
	LabMode bool `json:"lab_mode"`
}

// Image is what the instance boots from.
type Image struct {
	// Name is the image's.
	Name string `json:"name"`
	// Digest is "sha256:…", of the manifest.
	Digest string `json:"digest"`
	// Kernel is 64 hexadecimal digits, as are the other files'.
	Kernel string `json:"kernel_sha256"`
	// Version is the kernel's release.
	Version string `json:"kernel_version"`
	// Initrd is the digest of the first user space.
	Initrd string `json:"initrd_sha256"`
	// Root is the digest of the root file system.
	Root string `json:"root_sha256"`
	// RootHash is the dm-verity tree's.
	RootHash string `json:"root_hash"`
	// Unlocked: its packages differ from its lock file.
	Unlocked bool `json:"unlocked"`
}

// Limits are said in every statement.
func Limits() []string {
	return []string{
		"site and jurisdiction are labels that the operator gave; no software can prove where a machine stands",
		"checks of the side guest are what the guest says of itself, a claim; the network side shows how the guest showed itself to this host; " +
			"those of the side host are the host's own",
		"whoever is root on the host can make any statement; compare the audit checkpoint with one that was kept elsewhere",
	}
}
