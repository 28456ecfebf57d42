package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"holm/guest/report"
	"holm/images"
	"holm/internal/trusted"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/evidence"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/hypervisor/libvirt"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/provisioner/tenants"
	"holm/provisioner/verify"
	"holm/provisioner/views"
	"holm/storage/ledger"
	"holm/storage/records"
)

// This file is the only one that knows which room stands behind each interface that the verbs use.

// engine is the provisioner as the verbs need it, a noun at a time. Names belong to a tenant; tenant "" in List means all.
type engine struct {
	Instances instanceVerbs
	Tenants   tenantVerbs
	Pools     poolVerbs
	Networks  networkVerbs
	Hosts     sizeVerbs
	Proof     proofVerbs
	History   historyVerbs
}

// instanceVerbs is all that can be done with instances.
type instanceVerbs interface {
	lifeVerbs
	changeVerbs
	showVerbs
	hostWideVerbs
	mendVerbs
}

// lifeVerbs are an instance from its making to its end.
type lifeVerbs interface {
	Create(ctx context.Context, spec instances.Spec, observer operations.Observer) (model.Instance, error)
	// Plan admits a spec and returns what Create would reserve for it. It changes nothing.
	Plan(ctx context.Context, spec instances.Spec) (model.Instance, error)
	Start(ctx context.Context, tenant, name string, observer operations.Observer) (model.Instance, error)
	Stop(ctx context.Context, tenant, name string, force bool, observer operations.Observer) error
	Restart(ctx context.Context, tenant, name string, observer operations.Observer) (model.Instance, error)
	Wait(ctx context.Context, tenant, name string, observer operations.Observer) (model.Instance, error)
	Remove(ctx context.Context, tenant, name string, observer operations.Observer) error
	// GiveUp is Remove for an instance whose pool will not come back.
	GiveUp(ctx context.Context, tenant, name string, observer operations.Observer) error
}

// changeVerbs change one that there is.
type changeVerbs interface {
	// Resize makes a state volume larger, in GiB.
	Resize(ctx context.Context, tenant, name string, gib int, observer operations.Observer) (model.Instance, error)
	// Rebuild gives an instance another image and keeps its state; ref "" is the newest image of the same name.
	Rebuild(ctx context.Context, tenant, name, ref string, observer operations.Observer) (model.Instance, error)
	// SetEnvironment changes what an instance is told of the world around it; Nameless says why no name will resolve in one,
	// made or planned: "" when names do.
	SetEnvironment(ctx context.Context, tenant, name string, c environment.Change, observer operations.Observer) (model.Instance, error)
	// Expose publishes ports of the host for an instance, Unexpose takes them back; Exposures lists those of one or of all.
	Expose(ctx context.Context, tenant, name string, ports []network.Port, observer operations.Observer) (model.Instance, error)
	Unexpose(ctx context.Context, tenant, name string, ports []network.Port, observer operations.Observer) (model.Instance, error)
}

// showVerbs look at instances.
type showVerbs interface {
	Show(ctx context.Context, tenant, name string) (views.Instance, error)
	List(ctx context.Context, tenant string) ([]views.Row, error)
	Stats(ctx context.Context, tenant, name string) (hypervisor.Stats, error)
	Console(ctx context.Context, tenant, name string) (io.ReadWriteCloser, error)
	Exposures(ctx context.Context, tenant, name string) ([]instances.Exposure, error)
	Nameless(ctx context.Context, inst model.Instance) (string, error)
}

// hostWideVerbs do something to all instances of this host.
type hostWideVerbs interface {
	// StartAll starts what ran when the host went down; Interrupted says what that is.
	StartAll(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
	Interrupted(ctx context.Context) ([]model.Instance, error)
	// ParkAll switches off what runs, as the host goes down, and StartAll brings it back; Running says what that is.
	ParkAll(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
	Running(ctx context.Context) ([]model.Instance, error)
	// WithImageUsers calls do with the instances that need each image, by its digest, while none begins to.
	WithImageUsers(ctx context.Context, do func(users map[string][]string) error) error
}

// mendVerbs see to what became of instances without holm.
type mendVerbs interface {
	// Reconcile records which instances were switched off from within, and starts those again whose kernel has panicked;
	// Drifted says what it would see to.
	Reconcile(ctx context.Context) ([]operations.Ended, error)
	Drifted(ctx context.Context) ([]operations.Ended, error)
	// Unstall lets instances go on that were paused for want of space, and returns all that were paused because of a disk;
	// Stalled says which those are.
	Unstall(ctx context.Context) ([]instances.Paused, error)
	Stalled(ctx context.Context) ([]instances.Paused, error)
}

// historyVerbs are about what was done to instances.
type historyVerbs interface {
	// List returns the operations that are kept, oldest first; tenant "" and name "" mean all.
	List(ctx context.Context, tenant, name string) ([]model.Operation, error)
	Show(ctx context.Context, id string) (model.Operation, error)
	// Close writes down how the operations ended that dead processes left; a dry run tells what it would write.
	Close(ctx context.Context, dry bool) ([]operations.Closed, error)
	// Unfinished are the instances that a dead process left half made or half removed.
	Unfinished(ctx context.Context) ([]operations.Ended, error)
}

// proofVerbs show that what was promised holds.
type proofVerbs interface {
	// Verify holds a running instance to its promises; the verdict is there whether they hold or not.
	Verify(ctx context.Context, tenant, name string, observer operations.Observer) (verify.Verdict, error)
	// Evidence states what an instance is and where it lies; at is the audit log as it is signed beside.
	Evidence(ctx context.Context, tenant, name string, at func(context.Context) (ledger.Checkpoint, error),
		observer operations.Observer) (evidence.Statement, error)
	// AuditCaps has a running guest watch who uses which capabilities. What it returns is a claim of the guest's.
	AuditCaps(ctx context.Context, tenant, name string, long time.Duration, observer operations.Observer) (report.Capabilities, error)
}

// poolVerbs are about where volumes lie.
type poolVerbs interface {
	// Plan is Add that changes nothing.
	Plan(ctx context.Context, spec pools.Spec) (pools.View, error)
	Add(ctx context.Context, spec pools.Spec) (pools.View, error)
	// Make is Add of what build makes, while no other pool is added or removed.
	Make(ctx context.Context, spec pools.Spec, build func(context.Context) error) (pools.View, error)
	// List looks at the pools of those names, or at all.
	List(ctx context.Context, names ...string) ([]pools.View, error)
	Names(ctx context.Context) ([]string, error)
	Remove(ctx context.Context, name string) error
	// Acknowledge remembers that a person has seen how pools are.
	Acknowledge(ctx context.Context, shown []pools.View) error
}

// sizeVerbs are about the sizes that this host offers.
type sizeVerbs interface {
	// Flavors returns the sizes that there are; ResetFlavor forgets what SetFlavor has set.
	Flavors(ctx context.Context) ([]model.Flavor, error)
	SetFlavor(ctx context.Context, name string, c hosts.FlavorChange) (model.Flavor, error)
	ResetFlavor(ctx context.Context, name string) error
}

// tenantVerbs are about whom instances belong to.
type tenantVerbs interface {
	Add(ctx context.Context, name string, c tenants.Change) (tenants.View, error)
	Set(ctx context.Context, name string, c tenants.Change) (tenants.View, error)
	Show(ctx context.Context, name string) (tenants.View, error)
	List(ctx context.Context) ([]tenants.View, error)
	Remove(ctx context.Context, name string) error
	// RotateKey gives a tenant a new key; it returns its name, and of how many volumes it sealed the keys.
	RotateKey(ctx context.Context, tenant string) (id string, volumes int, err error)
}

// networkVerbs are about the networks between instances.
type networkVerbs interface {
	// KeepWalls puts back what is missing of the kernel's rules, or was changed, and says what that was; BrokenWalls only says it.
	KeepWalls(ctx context.Context) ([]networks.Rebuilt, error)
	BrokenWalls(ctx context.Context) ([]networks.Rebuilt, error)
}

// hostStore keeps what the operator has set for this machine.
type hostStore interface {
	Host(ctx context.Context) (model.Host, error)
	// SetHost asks the rules in the transaction that makes the change.
	SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error)
	// Around is all that is on record.
	Around(ctx context.Context) (model.Around, error)
}

// imageStore is the images room as the verbs need it.
type imageStore interface {
	List() ([]images.Manifest, error)
	Get(ref string) (images.Manifest, error)
	Verify(ctx context.Context, digest string, progress func(done, total int64)) error
	Remove(digest string, usedBy []string) error
	Build(ctx context.Context, o images.BuildOptions) (images.Manifest, error)
}

func newImages(s settings) (imageStore, error) {
	dir := filepath.Join(s.state, "images")
	if err := trusted.Dir(dir); err != nil {
		return nil, err
	}
	return images.Open(dir), nil
}

func renewLock(ctx context.Context, old images.Lock, epoch time.Time) (images.Lock, error) {
	return images.Renew(ctx, old, hostMirror(), epoch)
}

// hostMirror is where this host's own apt gets its packages.
func hostMirror() images.Mirror { return images.HostMirror(os.DirFS("/etc/apt")) }

func newHost(s settings) (hostStore, error) {
	return records.Open(database(s)), nil
}

func newAudit(s settings) (auditStore, error) { return records.Open(database(s)), nil }

func database(s settings) string { return filepath.Join(s.state, "holm.db") }

func examineHost(ctx context.Context, s settings) doctor.Report {
	return doctor.Run(ctx, doctorOptions(ctx, s))
}

func mendHost(ctx context.Context, s settings, id string) (doctor.Result, error) {
	return doctor.Fix(ctx, doctorOptions(ctx, s), id)
}

// doctorOptions takes a database that cannot be read for a host on which nothing is set: doctor itself reports what
// is wrong with the state directory.
func doctorOptions(ctx context.Context, s settings) doctor.Options {
	o := doctor.Options{StateDir: s.state, Connect: s.connect}
	host, err := records.Open(database(s)).Host(ctx)
	o.Lab, o.Users = err == nil && host.LabMode, host.Users
	if where, err := hostNetwork(host); err == nil {
		o.Subnet, o.Bridge = where.Subnet, where.Bridge
	}
	o.Names = func() (environment.InForce, environment.Resolver) {
		found := hostResolver()
		return environment.Merge(model.Environment{}, model.Environment{}, host.Environment, found, true), found
	}
	o.Pools = func(ctx context.Context) ([]doctor.PoolInfo, error) { return poolInfos(ctx, s) }
	o.Memory = func(ctx context.Context) (doctor.MemoryInfo, error) { return memoryInfo(ctx, s) }
	o.Audit = func(ctx context.Context) (uint64, error) {
		from, end, err := records.Open(database(s)).AuditEnds(ctx)
		return end.Seq - from.Seq, err
	}
	o.Libvirt = func(ctx context.Context) (info doctor.LibvirtInfo, err error) {
		h, err := libvirt.Connect(ctx, s.connect)
		if err != nil {
			return info, err
		}
		defer func() { err = errors.Join(err, h.Close()) }()
		got, err := h.Info(ctx)
		return doctor.LibvirtInfo{
			LibvirtVersion: got.LibvirtVersion, QEMUVersion: got.QEMUVersion, SecurityModels: got.SecurityModels,
		}, err
	}
	return o
}

// poolInfos looks at the pools of a state directory. One without a database has none.
func poolInfos(ctx context.Context, s settings) ([]doctor.PoolInfo, error) {
	if _, err := os.Stat(database(s)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	p, err := newProvisioner(ctx, s)
	if err != nil {
		return nil, err
	}
	views, err := p.Pools.List(ctx)
	infos := make([]doctor.PoolInfo, len(views))
	for i, v := range views {
		infos[i] = doctor.PoolInfo{Name: v.Name, Status: v.Health.Status, Why: v.Health.Why, On: drivesUnder(v), Warnings: v.Warnings}
	}
	return infos, err
}
