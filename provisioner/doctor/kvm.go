package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"holm/provisioner/doctor/tiny"
)

const onlyForALab = "holm host set --lab-mode on   # for a lab only: emulated instances are not isolated"

// kvmVerdict is what was found of hardware virtualization. All of it must hold: flags and devices lie (the module
// kvm_pvm offers a /dev/kvm without either), and so may one boot that happens to get through.
type kvmVerdict struct {
	extension string   // "SVM" or "VT-x"
	reasons   []string // why KVM does not work; empty when it does
	remedy    string
	boot      tiny.Outcome
}

func (v kvmVerdict) works() bool { return len(v.reasons) == 0 }

func (v *kvmVerdict) against(remedy, format string, args ...any) {
	v.reasons = append(v.reasons, fmt.Sprintf(format, args...))
	if v.remedy == "" {
		v.remedy = remedy
	}
}

func (e *env) tryKVM(ctx context.Context) kvmVerdict {
	var v kvmVerdict
	cpuinfo := e.value("/proc/cpuinfo")
	module := "kvm_intel"
	switch {
	case hasFlag(cpuinfo, "svm"):
		v.extension, module = "SVM", "kvm_amd"
	case hasFlag(cpuinfo, "vmx"):
		v.extension = "VT-x"
	default:
		v.against(onlyForALab, "the CPU shows neither svm nor vmx")
	}
	if e.exists("/sys/module/kvm_pvm") {
		v.against(onlyForALab, "the module kvm_pvm stands in for hardware virtualization")
	}
	if err := openDevice(e.path("/dev/kvm")); err != nil {
		remedy := "modprobe " + module
		if errors.Is(err, fs.ErrPermission) {
			remedy = "sudo holm doctor"
		}
		v.against(remedy, "/dev/kvm %s", plain(err))
		return v
	}
	qemu, err := e.Look(qemuProgram)
	if err != nil {
		v.against(install("qemu-system-x86"), "not tried for want of %s", qemuProgram)
		return v
	}
	if v.boot, err = e.Probes.Boot(ctx, qemu, tiny.KVM); err != nil {
		v.against(onlyForALab, "%v", err)
	}
	return v
}

func checkKVM(_ context.Context, e *env) Result {
	v := e.kvm()
	switch {
	case v.works() && e.Lab:
		return warn("holm host set --lab-mode off", "%s works, yet lab mode lets emulated instances in", v.extension)
	case v.works():
		return ok("%s, a tiny kernel reached its marker in %.1f s", v.extension, v.boot.Elapsed.Seconds())
	case e.Lab:
		return warn("use a machine with SVM or VT-x for anything but a lab",
			"LAB MODE: instances are emulated, which is NO isolation boundary: %s", strings.Join(v.reasons, "; "))
	default:
		return fail(v.remedy, "%s", strings.Join(v.reasons, "; "))
	}
}

// openDevice opens a character device for reading and writing, which is what loads its module, and closes it.
func openDevice(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeCharDevice == 0 {
		return errNoDevice
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

var errNoDevice = errors.New("is no device")

// plain says what an error of the file system means, to follow the name of the file.
func plain(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is not there"
	case errors.Is(err, fs.ErrPermission):
		return "may not be opened by this user"
	case errors.Is(err, errNoDevice):
		return errNoDevice.Error()
	default:
		return "cannot be opened: " + cause(err)
	}
}

// cause is the innermost error's text: without the path, which the caller has named already.
func cause(err error) string {
	if p, is := errors.AsType[*fs.PathError](err); is {
		return p.Err.Error()
	}
	return err.Error()
}

// KVM tries hardware virtualization as the check "kvm" does, and says why it does not work. It takes up to five
// seconds on a machine that only pretends; the verdict holds until the next boot of the host.
func KVM(ctx context.Context, o Options) (works bool, why string) {
	v := newEnv(ctx, o).kvm()
	return v.works(), strings.Join(v.reasons, "; ")
}

// checkNested looks for nested virtualization, which opens the hardest part of KVM's code to every guest.
func checkNested(_ context.Context, e *env) Result {
	for _, module := range []string{"kvm_amd", "kvm_intel"} {
		switch e.value("/sys/module/" + module + "/parameters/nested") {
		case "1", "Y":
			return warn("echo 'options "+module+" nested=0' > /etc/modprobe.d/holm.conf && modprobe -r "+module+
				" && modprobe "+module, "%s offers nested virtualization to guests", module)
		case "0", "N":
			return ok("off in %s", module)
		}
	}
	return ok("not offered: neither kvm_amd nor kvm_intel is loaded")
}
