//go:build e2e

package e2e

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// surveyed is what virsh, nft, the kernel and ls say is there: of libvirt's and of the kernel's, all that anybody has.
type surveyed struct {
	domains map[string]string // states, by UUID
	kinds   map[string][]string
	images  []string
	folders []string
}

// surveyHost looks at a host.
func surveyHost(t *testing.T, state string) surveyed {
	t.Helper()
	h := surveyed{domains: map[string]string{}, kinds: map[string][]string{}}
	for uuid := range strings.FieldsSeq(virsh(t, "list", "--all", "--uuid")) {
		h.domains[uuid] = strings.TrimSpace(virsh(t, "domstate", uuid))
	}
	for _, line := range []struct {
		kind  string
		field int
		args  []string
	}{
		{"network", 0, []string{"net-list", "--all", "--name"}},
		{"filter", 1, []string{"nwfilter-list"}},
		{"binding", 0, []string{"nwfilter-binding-list"}},
		{"secret", 0, []string{"secret-list"}},
	} {
		for text := range strings.Lines(virsh(t, line.args...)) {
			if fields := strings.Fields(text); len(fields) > line.field {
				h.kinds[line.kind] = append(h.kinds[line.kind], fields[line.field])
			}
		}
	}
	glob := func(pattern string) []string {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	h.kinds["interface"] = glob("/sys/class/net/*")
	h.kinds["unit"] = append(glob("/etc/systemd/system/*holm*"), glob("/etc/systemd/system/*holm*/*")...)
	h.kinds["log"] = glob("/var/log/libvirt/qemu/holm.*.log")
	h.kinds["run"] = glob("/var/lib/libvirt/qemu/domain-*")
	for line := range strings.Lines(output(t, "nft", "list", "tables")) {
		h.kinds["table"] = append(h.kinds["table"], strings.TrimPrefix(strings.TrimSpace(line), "table "))
	}
	for _, dir := range glob(filepath.Join(state, "images", "sha256", "*")) {
		h.images = append(h.images, "sha256:"+filepath.Base(dir))
	}
	h.folders = glob(filepath.Join(state, "instances", "*"))
	return h
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// volumes are all files that could be one, in the folders of instances and in a pool.
func (h surveyed) volumes(pool string) (found []string) {
	for _, dir := range h.folders {
		files, _ := filepath.Glob(filepath.Join(dir, "*.qcow2*"))
		found = append(found, files...)
	}
	files, _ := filepath.Glob(filepath.Join(pool, "holm", "*"))
	return append(found, files...)
}

// since are the things of a kind that were not there before.
func (a *account) since(kind string) (found []string) {
	return slices.DeleteFunc(slices.Clone(a.now.kinds[kind]), func(one string) bool { return slices.Contains(a.before.kinds[kind], one) })
}

// domainXML is what is read of a domain's XML.
type domainXML struct {
	Name   string   `xml:"name"`
	Kernel string   `xml:"os>kernel"`
	Labels []string `xml:"seclabel>label"`
	Device struct {
		MAC struct {
			Address string `xml:"address,attr"`
		} `xml:"mac"`
		Source struct {
			Network string `xml:"network,attr"`
		} `xml:"source"`
		Target struct {
			Dev string `xml:"dev,attr"`
		} `xml:"target"`
	} `xml:"devices>interface"`
	Disks []struct {
		File string `xml:"file,attr"`
	} `xml:"devices>disk>source"`
}

// fromWithin is what a guest has done that was asked to, or nobody knows why.
const fromWithin = "and its domain is off, or about to be"

// machines: each record has its domain in the state that it says, made of what is its own; and there are no others.
func (a *account) machines() {
	var ought, taps, logs []string
	for _, inst := range a.instances {
		ought = append(ought, inst.UUID)
		logs = append(logs, "/var/log/libvirt/qemu/"+inst.Domain+".log")
		state := a.now.domains[inst.UUID]
		runs := state == "running"
		switch inst.State {
		case "ready", "booting":
			a.unless(runs || state != "shut off" && state != "in shutdown", "%s is %s on record, "+fromWithin, inst.Domain, inst.State)
			a.unless(runs || state == "shut off" || state == "in shutdown", "%s is %s on record, and its domain %q", inst.Domain, inst.State, state)
		case "stopped":
			a.unless(state == "shut off", "%s is stopped on record, and its domain %q", inst.Domain, state)
		default:
			a.unless(false, "%s is %s on record, and nobody is at work on it", inst.Domain, inst.State)
		}
		if state == "" {
			continue
		}
		var m domainXML
		text := virsh(a.t, "dumpxml", inst.UUID)
		if err := xml.Unmarshal([]byte(text), &m); err != nil {
			a.t.Fatal(err)
		}
		a.unless(m.Name == inst.Domain && m.Device.MAC.Address == inst.MAC && m.Device.Source.Network == inst.Network, "the domain of %s is %+v", inst.Domain, m)
		a.unless(!runs || inst.of(m.Kernel), "%s boots %s, and is of %s on record", inst.Domain, m.Kernel, inst.Image)
		a.unless(slices.Contains(m.Labels, fmt.Sprintf("+%d:+%d", inst.UID, inst.UID)), "%s runs as %q, and not as %d", inst.Domain, m.Labels, inst.UID)
		a.unless(slices.ContainsFunc(m.Disks, func(d struct {
			File string `xml:"file,attr"`
		},
		) bool {
			return d.File == a.path(inst)
		}), "%s has not the volume %s", inst.Domain, a.path(inst))
		if !runs {
			continue
		}
		taps = append(taps, m.Device.Target.Dev)
		uid, err := runsAs(inst)
		a.unless(err == nil && uid == inst.UID, "the QEMU of %s is of user %d, and not of %d (%v)", inst.Domain, uid, inst.UID, err)
	}
	there := []string{}
	for uuid := range a.now.domains {
		if _, before := a.before.domains[uuid]; !before {
			there = append(there, uuid)
		}
	}
	a.same("domain", there, ought)
	a.same("filtered interface", a.since("binding"), taps)
	a.same("secret", a.since("secret"), nil)
	for _, log := range a.since("log") {
		a.unless(slices.Contains(logs, log), "the log %s is of nobody who is there", log)
	}
	a.interfaces(taps)
}

// interfaces: the bridges of the networks, and a port for each that runs.
func (a *account) interfaces(taps []string) {
	ought := []string{}
	for _, tap := range taps {
		ought = append(ought, "/sys/class/net/"+tap)
	}
	for _, bridge := range a.bridges() {
		ought = append(ought, "/sys/class/net/"+bridge)
	}
	a.same("interface", a.since("interface"), ought)
}

// bridges are those of the new networks, by their names.
func (a *account) bridges() map[string]string {
	found := map[string]string{}
	for _, name := range a.since("network") {
		var n struct {
			Bridge struct {
				Name string `xml:"name,attr"`
			} `xml:"bridge"`
		}
		if err := xml.Unmarshal([]byte(virsh(a.t, "net-dumpxml", name)), &n); err != nil {
			a.t.Fatal(err)
		}
		found[name] = n.Bridge.Name
	}
	return found
}

var translation = regexp.MustCompile(`"dnat": ?\{"family": ?"ip", ?"addr": ?"([^"]+)", ?"port": ?(\d+)\}`)

// networks: those in which somebody is, each with its rules, which lead to what is published and nowhere else.
func (a *account) networks() {
	var ought, tables []string
	open := map[string]bool{}
	for _, inst := range a.instances {
		if !slices.Contains(ought, inst.Network) {
			ought = append(ought, inst.Network)
		}
		for _, port := range inst.Exposed {
			open[fmt.Sprintf("%s %d", inst.Address, port.Guest)] = false
		}
	}
	a.same("network", a.since("network"), ought)
	for _, bridge := range a.bridges() {
		tables = append(tables, "inet holm."+bridge, "bridge holm."+bridge)
		for _, found := range translation.FindAllStringSubmatch(output(a.t, "nft", "-j", "list", "table", "inet", "holm."+bridge), -1) {
			to := found[1] + " " + found[2]
			_, published := open[to]
			a.unless(published, "%s leads to %s, which nobody has published", bridge, to)
			open[to] = true
		}
	}
	for to, leads := range open {
		a.unless(leads, "%s is published, and nothing leads there", to)
	}
	holms := slices.DeleteFunc(a.since("table"), func(table string) bool { return !strings.Contains(table, " holm.") })
	a.same("table", holms, tables)
}

// runsAs is the user of a running QEMU.
func runsAs(inst recorded) (uid int, err error) {
	pid, err := os.ReadFile("/run/libvirt/qemu/" + inst.Domain + ".pid")
	if err != nil {
		return 0, err
	}
	info, err := os.Stat("/proc/" + strings.TrimSpace(string(pid)))
	if err != nil {
		return 0, err
	}
	return int(info.Sys().(*syscall.Stat_t).Uid), nil
}

// volumeSeen is what qemu-img and ls say of a volume.
type volumeSeen struct{ gib, uid, slots int }

func lookAtVolume(path string) (v volumeSeen, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return v, err
	}
	v.uid = int(info.Sys().(*syscall.Stat_t).Uid)
	out, err := exec.Command("qemu-img", "info", "-U", "--output=json", path).Output()
	if err != nil {
		return v, err
	}
	var said struct {
		Size   int64 `json:"virtual-size"`
		Format struct {
			Data struct {
				Encrypt struct {
					Slots []struct{ Active bool }
				}
			}
		} `json:"format-specific"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return v, err
	}
	v.gib = int(said.Size >> 30)
	for _, slot := range said.Format.Data.Encrypt.Slots {
		if slot.Active {
			v.slots++
		}
	}
	return v, nil
}

// left is all that is there, and was not before anything was made.
func (b *bustle) left() (left []string) {
	a := &account{bustle: b, now: surveyHost(b.t, b.dir)}
	for kind := range a.now.kinds {
		for _, one := range a.since(kind) {
			if kind == "table" && !strings.Contains(one, " holm.") {
				continue // iptables' and libvirt's own stay
			}
			left = append(left, kind+" "+one)
		}
	}
	for uuid := range a.now.domains {
		if _, before := a.before.domains[uuid]; !before {
			left = append(left, "domain "+uuid)
		}
	}
	_, err := os.Stat(filepath.Join(b.pool, "holm"))
	if !errors.Is(err, fs.ErrNotExist) {
		left = append(left, fmt.Sprintf("the pool's folder (%v)", err))
	}
	return append(left, a.now.folders...)
}
