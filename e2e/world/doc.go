// Package world is the network that tests run in, so that they need no other: names, a container registry, clocks, a
// proxy, a web server, and a machine outside that comes in. It is three network namespaces behind a cable of the host's:
//
//	host 198.51.100.1 ── router ──┬── servers  names .153, registry .143, web .180, clock .223, proxy .188
//	     2001:db8:77::1           └── client   .200, 2001:db8:78::200
//
// All addresses are those set aside for documentation. There is one world on a host at a time; what a killed one has left
// behind is removed by the next. The servers are Debian's programs and run as nobody; they die with the process that made
// the world.
package world
