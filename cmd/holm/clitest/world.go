package clitest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"holm/guest/report"
	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/doctor"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
	"holm/provisioner/uids"
	"holm/provisioner/verify"
	"holm/provisioner/views"
	"holm/storage/records"
)

// Now is the time at which every test happens.
var Now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

const digest = "sha256:41be0000000000000000000000000000000000000000000000000000000000ff"

// World is a host with a few instances. It stands behind every interface that the verbs use and behaves: what was
// removed is gone, what was stopped does not run.
type World struct {
	Instances []views.Instance
	Host      model.Host
	Images    []images.Manifest
	Report    doctor.Report
	Pools     []pools.View
	Tenants   []tenants.View
	Flavors   []model.Flavor
	Others    []uids.Claim
	Paused    []instances.Paused
	History   []model.Operation
	Closed    []operations.Closed // what reconcile closes
	Drifted   []operations.Ended  // what became of instances without holm
	Wrecks    []operations.Ended  // instances that were left unfinished

	Calls     []string            // what changed something, in order
	Built     images.BuildOptions // what image build asked for
	Wanted    instances.Spec      // what create asked for
	Asked     pools.Spec          // what pool add asked for
	ArrayOK   error               // what making an array comes to
	NewDrives bool                // drives are others once the pools are held
	Kept      int                 // how often the kernel's rules were looked at
	Rebuilt   []networks.Rebuilt  // what was put back of them
	FailWith  error               // what every call fails with
	Hang      bool                // whether long calls wait for the end of ctx
	Console   io.ReadWriteCloser
	Caps      report.Capabilities                                                          // what a guest says when it is watched
	Env       map[string]string                                                            // of the runs
	Program   func(ctx context.Context, name string, args []string, s *term.Streams) error // in the place of another one; nil notes it
	Programs  []string                                                                     // what was run, with its arguments
	ProgramOK error
	Verdict   verify.Verdict // what verify finds
}

func New() *World {
	view := func(name, tenant, id, status string, domain hypervisor.State) views.Instance {
		return views.Instance{
			Status: status, DomainState: domain, VolumeBytes: 3 << 20,
			Instance: model.Instance{
				ID: id, Name: name, Tenant: tenant, State: model.State(status), Profile: "docker",
				Flavor: model.Flavor{Name: "small", VCPUs: 1, MemoryMiB: 1024, DiskGiB: 20},
				Image:  digest, ImageName: "debian-13", Accel: "kvm", Machine: "pc-q35-7.2",
				Domain: "holm." + tenant + "." + name, Network: "holm-default", MAC: "52:54:00:4e:11:0c",
				Address: netip.MustParseAddr("10.77.0.12"), User: "ops", HostKey: "ssh-ed25519 AAAAC3Nza", ChecksPassed: 24, ChecksTotal: 24,
				Created: Now.Add(-2 * time.Minute), ReadyAfter: 31 * time.Second,
			},
		}
	}
	web := view("web", "default", "0123456789ab", "ready", hypervisor.Running)
	off := view("off", "default", "0123456789ac", "stopped", hypervisor.Off)
	young := view("young", "default", "0123456789ad", "booting", hypervisor.Running)
	young.HostKey, young.ChecksPassed, young.ChecksTotal = "", 0, 0
	build := view("build", "acme", "0123456789ae", "failed", hypervisor.Running)
	build.UID = 2000060252
	build.Accel, build.Unlocked, build.ChecksPassed = "tcg", true, 19
	build.Failure = "dockerd did not start\x1b[2J"
	return &World{
		Tenants: []tenants.View{
			{
				UID:    2000060252,
				Tenant: model.Tenant{Name: "acme", Quota: model.Resources{Instances: 1, MemoryMiB: 16 << 10}, Created: Now.Add(-time.Hour)},
				Used:   model.Resources{Instances: 1, CPUs: 1, MemoryMiB: 1024, DiskGiB: 20},
			},
			{Tenant: model.Tenant{Name: "default"}, Used: model.Resources{Instances: 3, CPUs: 3, MemoryMiB: 3072, DiskGiB: 60}},
		},
		Others:    []uids.Claim{{Range: uids.Range{First: 100000, Last: 165535}, By: `/etc/subuid, "alice"`}},
		Pools:     []pools.View{PoolNamed("fast", model.PoolHealthy, "")},
		Verdict:   SampleVerdict(),
		Instances: []views.Instance{build, off, web, young},
		Images: []images.Manifest{{
			Digest: digest, Name: "debian-13", Suite: "trixie", Epoch: Now.Add(-24 * time.Hour), Profiles: []string{"plain", "docker"},
			KernelVersion: "6.12.117+deb13-cloud-amd64", RootHash: "ab12", Root: images.File{Name: "root.img", Size: 611 << 20},
		}},
		History: doneBefore(),
		Report: doctor.Report{
			Host: doctor.HostFacts{Hostname: "fjell01", OS: "Debian 13", Libvirt: "11.3.0", QEMU: "10.0.2", CPUs: 16, MemoryBytes: 64 << 30},
			Results: []doctor.Result{
				{ID: "kvm", Status: doctor.OK, Found: "SVM, a probe guest reached its marker in 0.4 s"},
				{ID: "smt", Status: doctor.Warn, Found: "on: two tenants can share a core", Remedy: "boot with nosmt"},
				{ID: "ksm", Status: doctor.Fail, Found: "merging pages between guests", Remedy: "echo 0 > /sys/kernel/mm/ksm/run"},
			},
		},
	}
}

func (w *World) find(ctx context.Context, tenant, name string) (*views.Instance, error) {
	if w.Hang {
		<-ctx.Done()
		return nil, fmt.Errorf("waiting for %s: %w", name, ctx.Err())
	}
	if w.FailWith != nil {
		return nil, w.FailWith
	}
	i := slices.IndexFunc(w.Instances, func(v views.Instance) bool { return v.Tenant == tenant && v.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("instance %q of tenant %q: %w", name, tenant, records.ErrNotFound)
	}
	return &w.Instances[i], nil
}

func (w *World) change(ctx context.Context, verb, tenant, name string, o operations.Observer, domain hypervisor.State, status string) (model.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return model.Instance{}, err
	}
	w.Calls = append(w.Calls, verb+" "+tenant+"/"+name)
	began(ctx, verb, tenant, name)
	v.DomainState, v.Status = domain, status
	if o != nil {
		o(operations.Event{Step: verb, Phase: operations.Finished, Text: name})
	}
	return v.Instance, nil
}

func (w Instances) Create(ctx context.Context, spec instances.Spec, o operations.Observer) (model.Instance, error) {
	w.Wanted = spec
	inst, err := w.Plan(ctx, spec)
	if err != nil {
		return inst, err
	}
	w.Calls = append(w.Calls, "create "+spec.Tenant+"/"+spec.Name)
	began(ctx, "create", spec.Tenant, spec.Name)
	if o != nil {
		o(operations.Event{Step: "reserved", Phase: operations.Finished, Text: inst.Address.String()})
		o(operations.Event{Step: "booting", Phase: operations.Begun})
		o(operations.Event{Step: "booting", Phase: operations.Finished})
		o(operations.Event{Step: "ready", Phase: operations.Finished, Text: "24 checks passed", Elapsed: 31 * time.Second})
	}
	w.Instances = append(w.Instances, views.Instance{Instance: inst, DomainState: hypervisor.Running, Status: "ready"})
	return inst, nil
}

func (w Instances) Plan(ctx context.Context, spec instances.Spec) (model.Instance, error) {
	switch v, err := w.find(ctx, spec.Tenant, spec.Name); {
	case err == nil:
		return v.Instance, fault.New(fault.InstanceExists, "see it: holm show web      another tenant: --tenant NAME",
			"instance %q exists already in tenant %q", fault.Instance(spec.Name), fault.Tenant(spec.Tenant))
	case !errors.Is(err, records.ErrNotFound):
		return model.Instance{}, err
	}
	inst := w.Instances[1].Instance
	inst.Name, inst.Tenant, inst.Address, inst.Profile, inst.User = spec.Name, spec.Tenant, netip.MustParseAddr("10.77.0.13"), spec.Profile, spec.User
	inst.Flavor.VCPUs = max(spec.VCPUs, inst.Flavor.VCPUs)
	return inst, nil
}

func (w Instances) Start(ctx context.Context, tenant, name string, o operations.Observer) (model.Instance, error) {
	return w.change(ctx, "start", tenant, name, o, hypervisor.Running, "ready")
}

func (w Instances) Stop(ctx context.Context, tenant, name string, force bool, o operations.Observer) error {
	verb := "stop"
	if force {
		verb = "cut"
	}
	_, err := w.change(ctx, verb, tenant, name, o, hypervisor.Off, "stopped")
	return err
}

func (w Instances) Restart(ctx context.Context, tenant, name string, o operations.Observer) (model.Instance, error) {
	return w.change(ctx, "restart", tenant, name, o, hypervisor.Running, "ready")
}

func (w Instances) Wait(ctx context.Context, tenant, name string, o operations.Observer) (model.Instance, error) {
	return w.change(ctx, "wait", tenant, name, o, hypervisor.Running, "ready")
}

func (w Instances) Remove(ctx context.Context, tenant, name string, o operations.Observer) error {
	_, err := w.change(ctx, "remove", tenant, name, o, hypervisor.Absent, "")
	if err == nil {
		w.Instances = slices.DeleteFunc(w.Instances, func(v views.Instance) bool { return v.Tenant == tenant && v.Name == name })
	}
	return err
}

func (w Proof) Verify(ctx context.Context, tenant, name string, o operations.Observer) (verify.Verdict, error) {
	if _, err := w.change(ctx, "verify", tenant, name, o, hypervisor.Running, "ready"); err != nil {
		return verify.Verdict{}, err
	}
	return w.Verdict, nil
}

func (w Instances) Show(ctx context.Context, tenant, name string) (views.Instance, error) {
	v, err := w.find(ctx, tenant, name)
	if err != nil {
		return views.Instance{}, err
	}
	return *v, nil
}

func (w Instances) List(ctx context.Context, tenant string) ([]views.Row, error) {
	if w.Hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var rows []views.Row
	for _, v := range w.Instances {
		if tenant == "" || v.Tenant == tenant {
			rows = append(rows, views.Row{Status: v.Status, Summary: model.Summarize(v.Instance)})
		}
	}
	return rows, w.FailWith
}

func (w Instances) Stats(ctx context.Context, tenant, name string) (hypervisor.Stats, error) {
	if _, err := w.find(ctx, tenant, name); err != nil {
		return hypervisor.Stats{}, err
	}
	return hypervisor.Stats{
		State: hypervisor.Running, CPUTimeNS: 12_300_000_000, VCPUs: 2, MemoryBytes: 512 << 20, RSSBytes: 431 << 20,
		Disks: []hypervisor.DiskStats{{Target: "vda", ReadOnly: true, ReadBytes: 90 << 20, CapacityBytes: 611 << 20, AllocatedBytes: 611 << 20}},
		NICs:  []hypervisor.NICStats{{Device: "vnet0", RxBytes: 2048, TxBytes: 1024}},
	}, nil
}

func (w Instances) Console(ctx context.Context, tenant, name string) (io.ReadWriteCloser, error) {
	_, err := w.find(ctx, tenant, name)
	return w.World.Console, err
}

func (w Instances) WithImageUsers(ctx context.Context, do func(map[string][]string) error) error {
	users := map[string][]string{}
	rows, err := w.List(ctx, "")
	for _, row := range rows {
		users[row.Image] = append(users[row.Image], row.Name)
	}
	if err != nil {
		return err
	}
	return do(users)
}

func (w Instances) Rebuild(ctx context.Context, tenant, name, ref string, o operations.Observer) (model.Instance, error) {
	return w.change(ctx, "rebuild "+ref, tenant, name, o, hypervisor.Running, "ready")
}

func (w Proof) AuditCaps(ctx context.Context, tenant, name string, _ time.Duration, _ operations.Observer) (report.Capabilities, error) {
	_, err := w.find(ctx, tenant, name)
	return w.Caps, err
}

// Host is the world as the host's settings see it.
type Host struct{ *World }

func (w Host) Host(context.Context) (model.Host, error) { return w.World.Host, w.FailWith }

func (w Host) Around(ctx context.Context) (model.Around, error) {
	rows, err := Instances(w).List(ctx, "")
	around := model.Around{Settings: model.Settings{Host: w.World.Host}}
	for _, v := range w.Pools {
		around.Pools = append(around.Pools, v.Pool)
	}
	for _, r := range rows {
		around.Instances = append(around.Instances, model.Instance{Tenant: r.Tenant, Name: r.Name})
	}
	return around, err
}

func (w Host) SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error) {
	w.Calls = append(w.Calls, "set host")
	around, err := w.Around(ctx)
	for _, rule := range rules {
		if err == nil {
			err = rule(around)
		}
	}
	if err != nil {
		return model.Host{}, err
	}
	err = change(&w.World.Host)
	return w.World.Host, err
}

// Images is the image store of a world.
type Images struct{ *World }

func (i Images) List() ([]images.Manifest, error) { return i.Images, i.FailWith }

func (i Images) Get(ref string) (images.Manifest, error) {
	for _, m := range i.Images {
		if m.Name == ref || strings.HasPrefix(m.Digest, ref) {
			return m, nil
		}
	}
	return images.Manifest{}, fault.New(fault.NotFound, "build it: holm image build", "there is no image %q", ref)
}

func (i Images) Verify(_ context.Context, _ string, progress func(done, total int64)) error {
	progress(1, 2)
	if i.FailWith == nil {
		progress(2, 2)
	}
	return i.FailWith
}

func (i Images) Remove(digest string, usedBy []string) error {
	if len(usedBy) > 0 {
		return fault.New(fault.Busy, "remove them first", "image %s is in use by %s", images.ShortDigest(digest), strings.Join(usedBy, ", "))
	}
	i.Calls = append(i.Calls, "remove image")
	i.Images = nil
	return nil
}

func (i Images) Build(_ context.Context, o images.BuildOptions) (images.Manifest, error) {
	i.Built = o
	o.Progress("package lists", 0, 0)
	if i.FailWith != nil {
		return images.Manifest{}, i.FailWith
	}
	return i.Images[0], nil
}
