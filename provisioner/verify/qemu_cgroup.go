package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holm/provisioner/machine"
)

// qemuCgroup: what an instance takes of the host's memory and CPU can be counted and limited only where nothing else is
// counted with it.
func qemuCgroup() rule {
	return rule{
		id: "qemu-cgroup", side: Host, source: "holm", promise: "QEMU is in a cgroup of its own, for memory and CPU",
		try: func(_ context.Context, t *trial) found {
			const tried = "cgroups of every thread of QEMU"
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			live, err := machine.ReadLive(t.Live)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if strings.TrimSpace(p.threads[0].cgroup) == "" {
				return notApplicable(tried, "the host's kernel has no cgroups")
			}
			scope := ""
			if bad := p.everyThread(func(th thread) (bad string) {
				scope, bad = ownScope(th.cgroup, live.ID)
				return bad
			}); bad != "" {
				return failed(tried, "%s", bad)
			}
			return passed(tried, "%s in %s", scope, p.count())
		},
	}
}

// ownScope looks for the cgroup that libvirt makes for one run of one domain, which bears the run's number:
// "qemu-7-holm.acme.web.libvirt-qemu", or with systemd "machine-qemu\x2d7\x2dholm.acme.web.scope". With the older
// hierarchies, each kind of resource has one of its own and only memory and CPU matter; the newer one has a single one.
func ownScope(cgroup string, id int) (scope, bad string) {
	prefixes := []string{fmt.Sprintf("qemu-%d-", id), fmt.Sprintf(`machine-qemu\x2d%d\x2d`, id)}
	legacy, unified := map[string]string{}, ""
	for line := range strings.Lines(cgroup) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		kinds, path, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		if kinds == "" {
			unified = path
		}
		for kind := range strings.SplitSeq(kinds, ",") {
			if kind == "memory" || kind == "cpu" {
				legacy[kind] = path
			}
		}
	}
	if len(legacy) == 0 {
		legacy["unified"] = unified
	}
	for _, kind := range []string{"memory", "cpu", "unified"} {
		path, there := legacy[kind]
		if !there {
			continue
		}
		at := slices.IndexFunc(strings.Split(path, "/"), func(part string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(part, p) })
		})
		if at < 0 {
			return "", fmt.Sprintf("its cgroup for %s is %.80q, which is not its own", kind, path)
		}
		scope = strings.Split(path, "/")[at]
	}
	return scope, ""
}
