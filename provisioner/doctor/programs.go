package doctor

import (
	"context"
	"slices"
	"strings"

	"holm/internal/run"
)

// toRun are the programs without which instances do not run; toBuild are missed only when an image is built.
func toRun() []string {
	return []string{
		"qemu-system-x86_64", "qemu-img", "libvirtd", "virtlogd",
		"ssh", "scp", "ssh-keygen", "nft", "ebtables", "ip", "tc",
	}
}

func toBuild() []string { return []string{"mmdebstrap", "mkfs.erofs", "veritysetup"} }

func checkPrograms(_ context.Context, e *env) Result {
	absent := func(program string) bool {
		_, err := e.Look(program)
		return err != nil
	}
	vital := slices.DeleteFunc(toRun(), func(p string) bool { return !absent(p) })
	build := slices.DeleteFunc(toBuild(), func(p string) bool { return !absent(p) })
	missing := slices.Concat(vital, build)
	var packages []string
	for _, p := range missing {
		packages = append(packages, run.Package(p))
	}
	slices.Sort(packages)
	remedy := install(slices.Compact(packages)...)
	switch {
	case len(missing) == 0:
		return ok("all %d are there", len(toRun())+len(toBuild()))
	case len(vital) > 0:
		return fail(remedy, "missing: %s", strings.Join(missing, ", "))
	default:
		return warn(remedy, "missing: %s (only building an image needs them)", strings.Join(missing, ", "))
	}
}
