package verify

import (
	"strings"
	"testing"
)

// Chains and rules may be anybody's. What is passed has to have the instance's own addresses in it, and an end.
func FuzzFrames(f *testing.F) {
	f.Add(guardBehind)
	f.Add(strings.Replace(guardBehind, "-s ! 52:54", "! -s 52:54", 1))
	f.Add("Bridge chain: PREROUTING, entries: 1\n-i vnet0 -j a\n\nBridge chain: a,\n-j b\n\nBridge chain: b,\n-j a\n")
	f.Add("Bridge chain: PREROUTING\n-i vnet0\n-i\n! \n-j\n-s !\n")
	f.Fuzz(func(t *testing.T, listed string) {
		rules := readFrames(listed).from("vnet0")
		if judgeFrames(rules, "vnet0", mac, address, address6) != "" {
			return
		}
		if judgeFrames(rules, "vnet0", "52:54:00:00:00:01", address, address6) == "" {
			t.Errorf("rules are taken for two instances': %q", listed)
		}
		if !strings.Contains(listed, "DROP") {
			t.Errorf("rules that drop nothing are passed: %q", listed)
		}
	})
}

// A thread's name is whatever a QEMU that was taken over calls it, and is the first line of its status.
func FuzzStatus(f *testing.F) {
	f.Add("Name:\tqemu\nUid:\t5000\t5000\t5000\t5000\nGid:\t5000\t5000\t5000\t5000\nGroups:\t5000 \n")
	f.Add("Name:\tUid:\t0\nUid:\t0\t5000\t5000\t5000\nGid:\nGroups:\n")
	f.Add("Uid\nUid:")
	f.Fuzz(func(t *testing.T, text string) {
		th := thread{status: fields(text)}
		bad := rootless(th)
		for _, field := range []string{"Uid", "Gid"} {
			if bad == "" && len(strings.Fields(th.status[field])) != 4 {
				t.Errorf("%s %q is nobody's root", field, th.status[field])
			}
		}
		if only(5000)(th) == "" && bad == "" && word(th.status["Uid"]) != "5000" {
			t.Errorf("%q is of user 5000 alone", text)
		}
	})
}

func FuzzOwnScope(f *testing.F) {
	f.Add("0::/machine.slice/machine-qemu\\x2d7\\x2dholm.acme.web.scope/libvirt/emulator\n")
	f.Add("9:memory:/machine/qemu-7-holm.acme.web.libvirt-qemu\n3:cpu,cpuacct:/machine/qemu-7-x\n0::/\n")
	f.Add("0:\n:::\nmemory\n")
	f.Fuzz(func(t *testing.T, cgroup string) {
		scope, bad := ownScope(cgroup, 7)
		if bad == "" && !strings.HasPrefix(scope, "qemu-7-") && !strings.HasPrefix(scope, `machine-qemu\x2d7\x2d`) {
			t.Errorf("%q is taken for the scope of run 7 in %q", scope, cgroup)
		}
	})
}
