package fault

// Code is the stable name of what went wrong: it has one meaning, and keeps it. The words of a fault may change, its code does not. The
// catalogue has a line for each.
type Code string

// Codes of faults of which no more than the kind is known: New takes the kind instead.
const (
	failure     Code = "failure"
	usage       Code = "usage"
	leftover    Code = "leftover"
	notFound    Code = "not-found"
	exists      Code = "exists"
	unfit       Code = "unfit"
	busy        Code = "busy"
	checkFailed Code = "check-failed"
	refused     Code = "refused"
	interrupted Code = "interrupted"
)

// Codes of everything.
const (
	TimedOut           Code = "timed-out"
	ChangedMeanwhile   Code = "changed-meanwhile"
	ConfirmationNeeded Code = "confirmation-needed"
)

// Codes of instances.
const (
	InstanceNotFound   Code = "instance-not-found"
	InstanceExists     Code = "instance-exists"
	InstanceBusy       Code = "instance-busy"
	GaveWay            Code = "gave-way"
	InstanceNotRunning Code = "instance-not-running"
	InstanceNotReady   Code = "instance-not-ready"
	InstancePaused     Code = "instance-paused"
	InstanceStalled    Code = "instance-stalled"
	InstanceBroken     Code = "instance-broken"
	InstanceUnfinished Code = "instance-unfinished"
	GuestFailed        Code = "guest-failed"
	GuestRefuses       Code = "guest-refuses"
	ChecksFailed       Code = "checks-failed"
	PortTaken          Code = "port-taken"
	PortNotPublished   Code = "port-not-published"
	PortsExceeded      Code = "ports-exceeded"
	OperationNotFound  Code = "operation-not-found"
)

// Codes of tenants.
const (
	TenantNotFound     Code = "tenant-not-found"
	TenantExists       Code = "tenant-exists"
	TenantNotEmpty     Code = "tenant-not-empty"
	TenantKeyNotFound  Code = "tenant-key-not-found"
	TenantNetworkFixed Code = "tenant-network-fixed"
	QuotaExceeded      Code = "quota-exceeded"
	QuotaBelowUse      Code = "quota-below-use"
	ResidencyViolated  Code = "residency-violated"
	ResidencyUnknown   Code = "residency-unknown"
)

// Codes of pools.
const (
	PoolNotFound  Code = "pool-not-found"
	PoolExists    Code = "pool-exists"
	PoolNotEmpty  Code = "pool-not-empty"
	PoolIsDefault Code = "pool-is-default"
	PoolDegraded  Code = "pool-degraded"
	PoolBroken    Code = "pool-broken"
	PoolAbsent    Code = "pool-absent"
	PoolUnfit     Code = "pool-unfit"
	PoolFull      Code = "pool-full"
	PoolTooSmall  Code = "pool-too-small"
	PoolPromised  Code = "pool-promised"
)

// Codes of images.
const (
	ImageNotFound   Code = "image-not-found"
	ImageAmbiguous  Code = "image-ambiguous"
	ImageInUse      Code = "image-in-use"
	ImageDamaged    Code = "image-damaged"
	ImageUnsuitable Code = "image-unsuitable"
	ImageOutdated   Code = "image-outdated"
	DownloadFailed  Code = "download-failed"
)

// Codes of the host.
const (
	FlavorNotFound        Code = "flavor-not-found"
	FlavorUnknown         Code = "flavor-unknown"
	RootNeeded            Code = "root-needed"
	PermissionDenied      Code = "permission-denied"
	DiskFull              Code = "disk-full"
	HostFull              Code = "host-full"
	HostTooSmall          Code = "host-too-small"
	HostMemoryPromised    Code = "host-memory-promised"
	EmulationRefused      Code = "emulation-refused"
	ProgramMissing        Code = "program-missing"
	PathUntrusted         Code = "path-untrusted"
	HypervisorUnreachable Code = "hypervisor-unreachable"
	HypervisorUnsupported Code = "hypervisor-unsupported"
	ForeignObject         Code = "foreign-object"
	NetworkOverlaps       Code = "network-overlaps"
	AddressesExhausted    Code = "addresses-exhausted"
)

// Codes of what is stored.
const (
	DatabaseBusy    Code = "database-busy"
	DatabaseDamaged Code = "database-damaged"
	DatabaseNewer   Code = "database-newer"
	HostKeyLocked   Code = "host-key-locked"
	HostKeyMissing  Code = "host-key-missing"
	HostKeyDamaged  Code = "host-key-damaged"
	PassphraseWrong Code = "passphrase-wrong"
	KeyDestroyed    Code = "key-destroyed"
	KeyMismatch     Code = "key-mismatch"
	DriveNotFound   Code = "drive-not-found"
	DriveInUse      Code = "drive-in-use"
	VolumeInUse     Code = "volume-in-use"
	VolumeShrinks   Code = "volume-shrinks"
)

// Codes of the audit log and of evidence.
const (
	AuditTampered   Code = "audit-tampered"
	EvidenceInvalid Code = "evidence-invalid"
)
