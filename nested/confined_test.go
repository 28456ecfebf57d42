//go:build nested

package nested

import (
	"fmt"
	"strings"
	"testing"
)

func TestAnInstanceBecomesReadyUnderKVMAndItsOwnProfile(t *testing.T) {
	needWeb(t)
	v := show(t, web)
	if v.Status != "ready" || v.Accel != "kvm" || v.Passed != v.Total || v.Total < 25 {
		t.Errorf("it is %s under %s with %d/%d checks, want it ready under kvm with all of 25 and more", v.Status, v.Accel, v.Passed, v.Total)
	}
	if xml := sh(t, "virsh dumpxml "+v.Domain); !strings.HasPrefix(xml, "<domain type='kvm'") {
		t.Errorf("the domain's type is not kvm: %.60s", xml)
	}
	pid := sh(t, "cat /run/libvirt/qemu/"+v.Domain+".pid")
	if sh(t, "ls -l /proc/"+pid+"/fd | grep -c kvm-vm") != "1" {
		t.Error("its QEMU has no machine of KVM's open")
	}
	want := "libvirt-" + sh(t, "virsh domuuid "+v.Domain) + " (enforce)"
	if got := sh(t, "cat /proc/"+pid+"/task/*/attr/current | sort -u"); got != want {
		t.Errorf("the threads of its QEMU run under %q, want %q", got, want)
	}
}

// opens tells whether a process of the tenant's user may open a file: as it is, or under the profile of a domain. A shell changes
// its own profile and opens the file by itself, so nothing has to be started under a profile that forbids to start things.
func opens(t *testing.T, profile, file string) outcome {
	t.Helper()
	uid := show(t, web).UID
	change := ""
	if profile != "" {
		change = fmt.Sprintf(`printf %%s "changeprofile %s" >/proc/self/attr/current || exit 9; `, profile)
	}
	return host.do(t.Context(), fmt.Sprintf("setpriv --reuid %d --regid %d --clear-groups bash -c ", uid, uid)+quote(change+"exec 3<>"+file))
}

func TestAnotherInstancesVolumeIsDeniedByAppArmor(t *testing.T) {
	needWeb(t)
	const other = "other"
	// It is of the same tenant, so that its volume belongs to the same user, and only the profile stands between; that it comes up is not waited for.
	sh(t, `{ holm create `+other+` --flavor tiny --disk 1G --profile plain --pool `+pool+` --timeout 20m >/dev/null 2>&1 & }
for i in $(seq 600); do virsh -q list --state-running --name | grep -q '\.`+other+`$' && break; sleep 1; done
virsh -q suspend holm.default.`+other+`; kill -INT $!; wait $! || true`)
	t.Cleanup(func() { tidy(t, other) })

	profile := "libvirt-" + sh(t, "virsh domuuid "+show(t, web).Domain)
	own, theirs := mount+"/holm/"+show(t, web).ID+".qcow2", mount+"/holm/"+show(t, other).ID+".qcow2"
	for name, tc := range map[string]struct {
		profile, file string
		allowed       bool
	}{
		"its own volume under its profile":       {profile, own, true},
		"another one's volume under its profile": {profile, theirs, false},
		"another one's volume without a profile": {"", theirs, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := opens(t, tc.profile, tc.file)
			if tc.allowed && o.code != 0 {
				t.Errorf("exit %d: %s", o.code, o.stderr)
			}
			if !tc.allowed && (o.code != 1 || !strings.Contains(o.stderr, tc.file+": Permission denied")) {
				t.Errorf("exit %d, want it denied: %s", o.code, o.stderr)
			}
		})
	}
	denial := sh(t, fmt.Sprintf(`journalctl -k -q --grep 'apparmor="DENIED".*profile="%s".*name="%s"' | tail -1`, profile, theirs))
	if denial == "" {
		t.Error("the kernel's log does not have the denial")
	}
	t.Log(denial)
}
