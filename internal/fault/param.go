package fault

import "fmt"

// Key names a parameter of a fault; it stays the same as a code does.
type Key string

// Param is one value that a program needs to act on a fault. In the sentence of New it is formatted as its value.
type Param struct {
	Key   Key
	Value any // a string, an int64 or a list of strings
}

// Format implements fmt.Formatter.
func (p Param) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), p.Value)
}

// The keys that there are, with what their values are.
const (
	InstanceKey  Key = "instance"  // its name
	TenantKey    Key = "tenant"    // its name; of an instance as well
	PoolKey      Key = "pool"      // its name
	FlavorKey    Key = "flavor"    // its name
	ProfileKey   Key = "profile"   // its name
	ImageKey     Key = "image"     // its name or its digest
	StateKey     Key = "state"     // the word that holm ls shows
	NetworkKey   Key = "network"   // the name of a network, or its CIDR
	PathKey      Key = "path"      // of a file, a folder or a device on the host
	ProgramKey   Key = "program"   // its name
	PackageKey   Key = "package"   // Debian's name of it
	PortKey      Key = "port"      // of the host, such as 443/tcp
	HoldersKey   Key = "holders"   // a list: who keeps it in use
	PlaceKey     Key = "place"     // a jurisdiction, or a list of such
	UnitKey      Key = "unit"      // what asked, used, limit and free count: bytes, or what is counted
	AskedKey     Key = "asked"     // how much was asked for
	UsedKey      Key = "used"      // how much is used or promised already
	LimitKey     Key = "limit"     // how much there may be
	FreeKey      Key = "free"      // how much there is left
	OperationKey Key = "operation" // its id
)

// Number is what an amount is given as.
type Number interface {
	~int | ~int64 | ~uint64 | ~uint32
}

// Instance is the name of an instance.
func Instance(name string) Param { return Param{InstanceKey, name} }

// Tenant is the name of a tenant.
func Tenant(name string) Param { return Param{TenantKey, name} }

// Pool is the name of a pool.
func Pool(name string) Param { return Param{PoolKey, name} }

// Flavor is the name of a flavor.
func Flavor(name string) Param { return Param{FlavorKey, name} }

// Profile is the name of a profile.
func Profile(name string) Param { return Param{ProfileKey, name} }

// Image is the name or the digest of an image.
func Image(name string) Param { return Param{ImageKey, name} }

// State is the word that holm ls shows for an instance.
func State(word string) Param { return Param{StateKey, word} }

// Network is the name of a network or its CIDR.
func Network(name string) Param { return Param{NetworkKey, name} }

// Path is that of a file, a folder or a device on the host.
func Path(path string) Param { return Param{PathKey, path} }

// Program is the name of a program.
func Program(name string) Param { return Param{ProgramKey, name} }

// Package is Debian's name of a package.
func Package(name string) Param { return Param{PackageKey, name} }

// Port is a port of the host with its protocol, such as 443/tcp.
func Port(port string) Param { return Param{PortKey, port} }

// Operation is the id of an operation.
func Operation(id string) Param { return Param{OperationKey, id} }

// Holders are those who keep a thing in use.
func Holders(names ...string) Param { return Param{HoldersKey, names} }

// Places are jurisdictions.
func Places(names ...string) Param { return Param{PlaceKey, names} }

// Unit is what the amounts of a fault count.
func Unit(of string) Param { return Param{UnitKey, of} }

// Asked is how much was asked for.
func Asked[N Number](n N) Param { return Param{AskedKey, int64(n)} }

// Used is how much is used or promised already.
func Used[N Number](n N) Param { return Param{UsedKey, int64(n)} }

// Limit is how much there may be.
func Limit[N Number](n N) Param { return Param{LimitKey, int64(n)} }

// Free is how much there is left.
func Free[N Number](n N) Param { return Param{FreeKey, int64(n)} }
