package provisioner_test

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/storage/volumes"
)

// account is what somebody finds who compares the fake host with the records, and knows of holm only what a record means.
type account struct {
	*bustle
	all   []model.Instance
	wrong []string
}

func (a *account) unless(ok bool, format string, args ...any) {
	if !ok {
		a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
	}
}

// own notes that something may be had by one only.
func (a *account) own(had map[string]string, what, whose string) {
	other, taken := had[what]
	a.unless(!taken, "%s is %s's and %s's", what, other, whose)
	had[what] = whose
}

// oracle says what is wrong once nobody is at work any more. It calls nothing of the provisioner's.
func (b *bustle) oracle() []string {
	b.t.Helper()
	all, err := b.records.Instances(b.t.Context())
	must(b.t, err)
	a := &account{bustle: b, all: all}
	a.domains()
	a.networks()
	a.files()
	a.users()
	a.pools()
	a.quotas()
	a.log()
	return a.wrong
}

// machineXML is what is read of a domain's XML.
type machineXML struct {
	Name   string   `xml:"name"`
	Kernel string   `xml:"os>kernel"`
	Labels []string `xml:"seclabel>label"`
	MAC    struct {
		Address string `xml:"address,attr"`
	} `xml:"devices>interface>mac"`
	Network struct {
		Name string `xml:"network,attr"`
	} `xml:"devices>interface>source"`
}

func (a *account) domains() {
	states, err := a.hyp.States(a.t.Context())
	must(a.t, err)
	defined, running := a.hyp.Defined()
	a.unless(len(a.hyp.Secrets()) == 0, "secrets are held ready of %q", a.hyp.Secrets())
	known := map[string]bool{decoy: true}
	for _, inst := range a.all {
		who := inst.Tenant + "/" + inst.Name
		known[inst.UUID] = true
		want := map[model.State]hypervisor.State{
			model.Ready: hypervisor.Running, model.Stopped: hypervisor.Off,
		}[inst.State]
		a.unless(want != "" && states[inst.UUID] == want,
			"%s is %s (%s) on record, and its domain %s", who, inst.State, inst.Failure, states[inst.UUID])
		a.unless(inst.Previous == nil, "%s has an image to return to", who)
		for _, text := range []string{defined[inst.UUID], running[inst.UUID]} {
			var m machineXML
			if text == "" || xml.Unmarshal([]byte(text), &m) != nil {
				continue
			}
			a.unless(m.Name == "holm."+inst.Tenant+"."+inst.Name && m.MAC.Address == inst.MAC && m.Network.Name == inst.Network,
				"the domain of %s is %+v", who, m)
			a.unless(inst.State != model.Ready || strings.Contains(m.Kernel, inst.Image),
				"%s boots %s, and is of %s on record", who, m.Kernel, inst.Image)
			a.unless(slices.Contains(m.Labels, fmt.Sprintf("+%d:+%d", inst.UID, inst.UID)),
				"%s runs as %q, and not as %d", who, m.Labels, inst.UID)
		}
		a.unless(!a.lib.gone[inst.Image], "the image of %s is gone", who)
	}
	for uuid := range states {
		a.unless(known[uuid], "domain %s is nobody's", uuid)
	}
}

var translation = regexp.MustCompile(`"dnat":\{"family":"ip","addr":"([^"]+)","port":(\d+)\}`)

func (a *account) networks() {
	bridges, had := a.hyp.Bridges(), map[string]string{}
	want, open := map[string]bool{"decoy": true}, map[string]bool{}
	for _, inst := range a.all {
		want[inst.Network] = true
		for _, own := range []string{inst.ID, inst.UUID, inst.MAC, inst.Address.String(), model.Text(inst.Address6)} {
			if own != "" {
				a.own(had, own, inst.ID)
			}
		}
		rules := strings.Join(a.wall.rules("inet holm."+bridges[inst.Network], ""), "\n")
		for _, p := range inst.Exposed {
			a.own(had, fmt.Sprintf("port %d/%s", p.Host, p.Protocol), inst.ID)
			open[fmt.Sprintf("%s %d", inst.Address, p.Guest)] = true
			a.unless(strings.Contains(rules, fmt.Sprintf(`"addr":"%s"`, inst.Address)), "nothing leads to %s's port %d", inst.Name, p.Host)
		}
	}
	tables := map[string]bool{}
	for network, bridge := range bridges {
		a.own(had, bridge, network)
		a.unless(want[network], "network %s is nobody's", network)
		if network != "decoy" {
			tables["inet holm."+bridge], tables["bridge holm."+bridge] = true, true
		}
	}
	for network := range want {
		a.unless(bridges[network] != "", "network %s is not there", network)
	}
	a.unless(slices.Equal(slices.Sorted(maps.Keys(tables)), a.wall.names()),
		"the tables are %q, and the networks' %q", a.wall.names(), slices.Sorted(maps.Keys(tables)))
	for _, table := range a.wall.names() {
		for _, found := range translation.FindAllStringSubmatch(strings.Join(a.wall.rules(table, ""), "\n"), -1) {
			a.unless(open[found[1]+" "+found[2]], "%s leads to port %s of %s, which nobody has published", table, found[2], found[1])
		}
	}
}

// volume is where that of an instance lies.
func (a *account) volume(inst model.Instance) string {
	if inst.Pool != "" {
		return volume(a.path, inst)
	}
	return a.file(inst.ID, "state.qcow2")
}

func (a *account) files() {
	want := map[string]bool{}
	for _, inst := range a.all {
		want[a.volume(inst)] = true
		f, err := os.ReadFile(a.volume(inst))
		if err != nil || len(f) < 32 {
			a.unless(false, "%s has no volume: %v", inst.Name, err)
			continue
		}
		gib := binary.BigEndian.Uint64(f[24:32]) >> 30
		a.unless(int(gib) <= inst.Flavor.DiskGiB,
			"the volume of %s has %d GiB, and %d on record", inst.Name, gib, inst.Flavor.DiskGiB) // #nosec G115 -- a size of the test's
		backend := volumes.OpenState(a.dir)
		if inst.Pool != "" {
			backend, err = volumes.Open(volumes.Qcow2, filepath.Join(a.path, "holm"))
			must(a.t, err)
		}
		lent, err := backend.Lent(a.t.Context(), inst.ID)
		a.unless(err == nil && !lent, "a key for a start opens the volume of %s: %v", inst.Name, err)
	}
	folders, _ := filepath.Glob(filepath.Join(a.dir, "instances", "*"))
	a.unless(len(folders) == len(a.all), "there are %d folders of %d instances", len(folders), len(a.all))
	state, _ := filepath.Glob(filepath.Join(a.dir, "instances", "*", "*.qcow2*"))
	pool, _ := filepath.Glob(filepath.Join(a.path, "holm", "*"))
	for _, path := range append(state, pool...) {
		a.unless(want[path], "volume %s is nobody's", path)
	}
}
