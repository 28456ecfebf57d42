package world

// The cable between the host and the router.
const (
	HostIPv4   = "198.51.100.1"
	HostIPv6   = "2001:db8:77::1"
	RouterIPv4 = "198.51.100.2"
	RouterIPv6 = "2001:db8:77::2"
)

// What lies behind the router.
const (
	NetIPv4 = "198.51.100.128/25"
	NetIPv6 = "2001:db8:78::/64"

	gatewayIPv4, gatewayIPv6 = "198.51.100.129", "2001:db8:78::1"

	NamesIPv4    = "198.51.100.153"
	NamesIPv6    = "2001:db8:78::53"
	RegistryIPv4 = "198.51.100.143"
	RegistryIPv6 = "2001:db8:78::443"
	WebIPv4      = "198.51.100.180"
	WebIPv6      = "2001:db8:78::80"
	ClockIPv4    = "198.51.100.223"
	ClockIPv6    = "2001:db8:78::123"
	ProxyIPv4    = "198.51.100.188"
	ProxyIPv6    = "2001:db8:78::128"
	ClientIPv4   = "198.51.100.200"
	ClientIPv6   = "2001:db8:78::200"
)

// Names that the world's name server knows. Others do not exist (NXDOMAIN).
const (
	Domain = "corp.example" // the search domain: "web" is web.corp.example

	NamesName    = "names." + Domain
	RegistryName = "registry." + Domain
	MirrorName   = "mirror." + Domain // the registry again, as a mirror of Docker's own
	WebName      = "web." + Domain
	ClockName    = "clock." + Domain
	ProxyName    = "proxy." + Domain

	FourName    = "four." + Domain    // the web server, by IPv4 alone
	SixName     = "six." + Domain     // the web server, by IPv6 alone
	ElseName    = "www.world.example" // the web server, by a name outside the search domain
	ManyName    = "many." + Domain    // Many addresses: an answer that needs TCP
	BrokenName  = "www.broken.example"
	SilentName  = "www.silent.example" // is never answered
	MissingName = "missing." + Domain
)

// Many is how many addresses ManyName has: 1.6 KB of them, where the server puts no more than 512 bytes into a datagram.
const Many = 100

// Where the servers are found.
const (
	WebURL      = "http://" + WebName
	RegistryURL = "https://" + RegistryName
	MirrorURL   = "https://" + MirrorName
	ProxyURL    = "http://" + ProxyName + ":3128"
)
