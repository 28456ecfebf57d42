package provisioner_test

import (
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/instances"
	"holm/provisioner/model"
)

func TestASizeIsChangedForThoseThatAreMadeFromThenOn(t *testing.T) {
	w := newWorld(t)
	before := w.created("before")
	set, err := w.holm().Hosts.SetFlavor(t.Context(), "small", hosts.FlavorChange{
		CPUWeight: new(50), CPUPercent: new(150), IOPS: new(500), IOPSBurst: new(2000), MBps: new(20), BurstSeconds: new(30),
	})
	must(t, err)
	want := model.Limits{CPUWeight: 50, CPUPercent: 150, IOPS: 500, IOPSBurst: 2000, MBps: 20, BurstSeconds: 30}
	if set.VCPUs != 2 || set.Limits != want {
		t.Errorf("set was %+v", set)
	}
	after := w.created("after")
	if after.Flavor.Limits != want || before.Flavor.Limits != (model.Limits{}) {
		t.Errorf("after that %+v, before %+v", after.Flavor, before.Flavor)
	}
	xml, err := w.hyp.LiveXML(t.Context(), after.UUID)
	must(t, err)
	for _, line := range []string{
		"<shares>50</shares>", "<global_quota>150000</global_quota>", "<total_iops_sec>500</total_iops_sec>",
		"<total_iops_sec_max>2000</total_iops_sec_max>", "<total_iops_sec_max_length>30</total_iops_sec_max_length>", "<total_bytes_sec>20000000</total_bytes_sec>",
	} {
		if !strings.Contains(xml, line) {
			t.Errorf("the machine has no %s", line)
		}
	}
	must(t, w.holm().Hosts.ResetFlavor(t.Context(), "small"))
	if again := w.created("again"); again.Flavor.Limits != (model.Limits{}) {
		t.Errorf("after a reset %+v", again.Flavor)
	}
}

func TestASizeOfTheOperatorsOwnIsMadeAndForgotten(t *testing.T) {
	w := newWorld(t)
	_, err := w.holm().Hosts.SetFlavor(t.Context(), "busy", hosts.FlavorChange{VCPUs: new(1)})
	refused(t, err, fault.Usage, `flavor "busy" is new and has no size`)
	_, err = w.holm().Hosts.SetFlavor(t.Context(), "busy", hosts.FlavorChange{VCPUs: new(1), MemoryMiB: new(600), DiskGiB: new(5)})
	must(t, err)
	inst, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Flavor: "busy"}, nil)
	must(t, err)
	if inst.Flavor.MemoryMiB != 600 {
		t.Errorf("made was %+v", inst.Flavor)
	}
	all, err := w.holm().Hosts.Flavors(t.Context())
	must(t, err)
	if len(all) != 5 || all[0].Name != "tiny" || all[4].Name != "busy" {
		t.Errorf("there are %+v", all)
	}
	must(t, w.holm().Hosts.ResetFlavor(t.Context(), "busy"))
	refused(t, w.holm().Hosts.ResetFlavor(t.Context(), "busy"), fault.NotFound, "holm flavor ls")
	_, err = w.holm().Instances.Create(t.Context(), instances.Spec{Name: "db", Flavor: "busy"}, nil)
	refused(t, err, fault.Usage, `there is no flavor "busy"`, "tiny, small, medium, large")
}

func TestLimitsThatCannotBeAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]hosts.FlavorChange{
		"a weight beyond the kernel's":   {CPUWeight: new(10001)},
		"less CPU than a guest lives on": {CPUPercent: new(1)},
		"more CPU than there ever is":    {CPUPercent: new(1 << 30)},
		"less than no requests":          {IOPS: new(-1)},
		"a burst below the limit":        {IOPS: new(500), IOPSBurst: new(400)},
		"a burst out of nothing":         {MBpsBurst: new(40)},
		"a burst that never ends":        {MBps: new(10), MBpsBurst: new(40), BurstSeconds: new(86400)},
		"too many vCPUs":                 {VCPUs: new(65)},
		"too little memory":              {MemoryMiB: new(1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.holm().Hosts.SetFlavor(t.Context(), "tiny", c)
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, value := range hostile() {
		if _, err := w.holm().Hosts.SetFlavor(t.Context(), value, hosts.FlavorChange{IOPS: new(1)}); fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v", name, err)
		}
	}
	all, err := w.holm().Hosts.Flavors(t.Context())
	must(t, err)
	if all[0].Limits != (model.Limits{}) || len(all) != 4 {
		t.Errorf("there are %+v", all)
	}
}
