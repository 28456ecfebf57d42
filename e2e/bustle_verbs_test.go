//go:build e2e

package e2e

import (
	"fmt"
	"strings"
)

// focus is an instance on which a round's verbs meet, mostly.
type focus struct{ tenant, name string }

func (b *bustle) focus(all []recorded) focus {
	if len(all) > 0 && b.c.IntN(4) > 0 {
		inst := all[b.c.IntN(len(all))]
		return focus{inst.Tenant, inst.Name}
	}
	return focus{b.pick("default", "acme", "bolt"), prefix + b.pick("bustle-web", "bustle-db")}
}

// people are two or three, with up to two lines each. In each fifth round nobody is there, and what instances are made on changes.
func (b *bustle) people(round int) (people []lines) {
	if round%5 == 4 {
		for _, inst := range b.records().instances {
			b.must("rm", "--yes", "--tenant", inst.Tenant, inst.Name)
		}
		at := b.focus(nil)
		return []lines{{b.create(at)}, b.ground(at), b.ground(at)}[:2+b.c.IntN(2)]
	}
	all := b.records().instances
	at := b.focus(all)
	for range 2 + b.c.IntN(2) {
		var mine lines
		for range 1 + b.c.IntN(2) {
			to := at
			if b.c.IntN(3) == 0 {
				to = b.focus(all)
			}
			if b.c.IntN(2) == 0 {
				mine = append(mine, []string{pause, b.pick("300ms", "1s", "3s")})
			}
			mine = append(mine, b.any(to))
		}
		people = append(people, mine)
	}
	return people
}

// ground changes what an instance is made on. Most of that can change only while nobody is there.
func (b *bustle) ground(at focus) (list lines) {
	for range 2 {
		list = append(list, []func() []string{func() []string { return b.ofTenants(at.tenant) }, b.ofHost, b.ofPools, b.ofImages}[b.c.IntN(4)]())
	}
	return list
}

// hurried is a verb that is given up on soon, now and then: at any moment of what it does.
func (b *bustle) hurried(args ...string) []string {
	if b.c.IntN(3) == 0 {
		args = append(args, "--timeout", b.pick("1s", "2s", "4s", "8s"))
	}
	return args
}

func (b *bustle) create(at focus) []string {
	args := []string{"create", at.name, "--tenant", at.tenant, "--profile", "plain", "--flavor", "tiny", "--disk", b.pick("1G", "2G"), "--no-verify", "--image", stubName}
	if b.c.IntN(2) == 0 {
		args = append(args, "--pool", "fast")
	}
	return b.hurried(args...)
}

// any is a verb for somebody, something and somewhere.
func (b *bustle) any(at focus) []string {
	of := func(args ...string) []string { return append(args, at.name, "--tenant", at.tenant) }
	switch b.c.IntN(22) {
	case 0, 1, 2, 3:
		return b.create(at)
	case 4, 5:
		return of("rm", "--yes")
	case 6, 7:
		return b.hurried(of("start")...)
	case 8:
		return of("stop", "--force")
	case 9:
		return of("stop", "--timeout", b.pick("4s", "20s"))
	case 10:
		return b.hurried(of("restart")...)
	case 11:
		return of("resize", "--disk", b.pick("1G", "2G", "3G"))
	case 12, 13:
		return b.hurried(of("rebuild", "--keep-state", "--image", b.pick(b.images...))...)
	case 14:
		return of("set", "--nameserver", b.pick("192.0.2.53", ""))
	case 15:
		return append(of("expose", "--rm"), b.port())
	case 16, 17:
		return append(of("expose"), b.port()+":"+b.pick("80", "443"))
	case 18:
		return b.ofTenants(at.tenant)
	case 19:
		return b.ofPools()
	case 20:
		return []string{"pool", "check", "--news"}
	}
	return b.pickOf(b.ofHost, b.ofImages, func() []string { return []string{"start", "--all", "--timeout", "20s"} })
}

func (b *bustle) pickOf(of ...func() []string) []string { return of[b.c.IntN(len(of))]() }

func (b *bustle) port() string { return b.pick("18443", "18444") }

func (b *bustle) ofTenants(tenant string) []string {
	switch b.c.IntN(5) {
	case 0:
		return []string{"tenant", "rm", "--yes", tenant}
	case 1:
		return []string{"tenant", "set", tenant, "--instances", b.pick("1", "2"), "--egress", b.pick("allow", "deny")}
	case 2, 3:
		return []string{"tenant", "rotate-key", tenant}
	}
	return []string{"tenant", "create", tenant}
}

func (b *bustle) ofPools() []string {
	if b.c.IntN(2) == 0 {
		return []string{"pool", "rm", "--yes", "fast"}
	}
	return []string{"pool", "add", "fast", b.pool, "--overcommit", "8"}
}

func (b *bustle) ofHost() []string {
	if b.c.IntN(2) == 0 {
		return []string{"host", "set", "--pool", b.pick("fast", "")}
	}
	n := 3 + b.c.IntN(2)
	return []string{"host", "set", "--network", fmt.Sprint("holm-e2e-", n), "--subnet", fmt.Sprintf("10.%d.0.0/24", 176+n)}
}

func (b *bustle) ofImages() []string {
	return []string{"image", "rm", "--yes", strings.TrimSpace(b.pick(b.images...))}
}
