package fault

// Entry is one line of the catalogue.
type Entry struct {
	Code    Code
	Kind    Kind // the exit code
	HTTP    int  // the status of an answer over HTTP
	Meaning string
	Params  []Key // the parameters that each fault of the code has; it may have others
}

// Catalogue is the table of all codes, by subject: the only one.
func Catalogue() []Entry {
	return []Entry{
		{failure, Failure, 500, "anything that has no code of its own", nil},
		{usage, Usage, 400, "the command line or a value in it is not valid", nil},
		{leftover, Leftover, 500, "undone, but something was left behind", nil},
		{notFound, NotFound, 404, "no such thing", nil},
		{exists, Exists, 409, "there is one already", nil},
		{unfit, Unfit, 503, "the host cannot do it", nil},
		{busy, Busy, 409, "another process is at it, or it is in use", nil},
		{checkFailed, CheckFailed, 422, "what was looked at is not what it has to be", nil},
		{refused, Refused, 403, "policy says no", nil},
		{interrupted, Interrupted, 503, "the caller or an operator interrupted it", nil},
		{TimedOut, Failure, 504, "the time for it was up", nil},
		{ChangedMeanwhile, Busy, 409, "somebody changed what it depends on between looking and acting: the same request can succeed", nil},
		{ConfirmationNeeded, Usage, 400, "it deletes something, and nobody confirmed it", nil},
		{InstanceNotFound, NotFound, 404, "there is no such instance", []Key{TenantKey, InstanceKey}},
		{InstanceExists, Exists, 409, "the name is taken", []Key{TenantKey, InstanceKey}},
		{InstanceBusy, Busy, 409, "another process is at work on the instance", []Key{InstanceKey}},
		{GaveWay, Busy, 409, "it gave way to another process, which stops or removes the instance", nil},
		{InstanceNotRunning, Failure, 409, "only a running instance can do it", []Key{InstanceKey}},
		{InstanceNotReady, Failure, 409, "only an instance that is ready can do it, and this one may become so", []Key{InstanceKey}},
		{InstancePaused, Failure, 409, "somebody paused the instance", []Key{InstanceKey}},
		{InstanceStalled, Failure, 409, "the hypervisor paused the instance: its disk failed, or the host is full", []Key{InstanceKey}},
		{InstanceBroken, Failure, 409, "what the instance was made of is gone or damaged", []Key{InstanceKey}},
		{InstanceUnfinished, Failure, 409, "a process died while it made or removed the instance", []Key{InstanceKey}},
		{GuestFailed, Failure, 500, "the guest said itself that it failed, or ended", nil},
		{GuestRefuses, Failure, 409, "the guest does not take what it was told", []Key{InstanceKey}},
		{ChecksFailed, CheckFailed, 422, "an instance does not keep what it promises", nil},
		{PortTaken, Exists, 409, "the port of the host is in use", []Key{PortKey}},
		{PortNotPublished, NotFound, 404, "the port of the host does not lead to the instance", []Key{InstanceKey, PortKey}},
		{PortsExceeded, Refused, 409, "an instance cannot have more published ports", []Key{InstanceKey, LimitKey}},
		{OperationNotFound, NotFound, 404, "no such operation is kept", nil},
		{TenantNotFound, NotFound, 404, "there is no such tenant", []Key{TenantKey}},
		{TenantExists, Exists, 409, "the name is taken", []Key{TenantKey}},
		{TenantNotEmpty, Busy, 409, "the tenant has instances", []Key{TenantKey}},
		{TenantKeyNotFound, NotFound, 404, "the tenant has no key yet", []Key{TenantKey}},
		{TenantNetworkFixed, Refused, 409, "the network of the tenant cannot be changed as it is", []Key{TenantKey}},
		{QuotaExceeded, Refused, 403, "the tenant would have more than its quota", []Key{TenantKey, UnitKey, UsedKey, AskedKey, LimitKey}},
		{QuotaBelowUse, Refused, 409, "the tenant has more already than the new quota", []Key{TenantKey, UnitKey, UsedKey, LimitKey}},
		{ResidencyViolated, Refused, 403, "the tenant's data may not lie there", []Key{TenantKey, PlaceKey}},
		{ResidencyUnknown, Refused, 403, "nobody has said in which jurisdiction the tenant's data would lie", []Key{TenantKey}},
		{PoolNotFound, NotFound, 404, "there is no such pool", []Key{PoolKey}},
		{PoolExists, Exists, 409, "the name is taken", []Key{PoolKey}},
		{PoolNotEmpty, Busy, 409, "the pool has instances", []Key{PoolKey}},
		{PoolIsDefault, Busy, 409, "the pool is the one that the host uses by default", []Key{PoolKey}},
		{PoolDegraded, Refused, 409, "an array under the pool has lost a drive", []Key{PoolKey}},
		{PoolBroken, Unfit, 503, "the pool cannot be used as it is", []Key{PoolKey}},
		{PoolAbsent, Unfit, 503, "the file system of the pool is not mounted", []Key{PoolKey}},
		{PoolUnfit, Unfit, 422, "the place does not keep what a pool has to", []Key{PoolKey}},
		{PoolFull, Unfit, 507, "the pool has no space left", []Key{PoolKey, UnitKey, FreeKey, AskedKey}},
		{PoolTooSmall, Unfit, 422, "the pool could never promise so much", []Key{PoolKey, UnitKey, LimitKey, AskedKey}},
		{PoolPromised, Refused, 507, "the pool has promised its space to others", []Key{PoolKey, UnitKey, UsedKey, AskedKey, LimitKey}},
		{ImageNotFound, NotFound, 404, "there is no such image", []Key{ImageKey}},
		{ImageAmbiguous, Usage, 400, "several images have a digest that begins like this", []Key{ImageKey}},
		{ImageInUse, Busy, 409, "instances run from the image", []Key{ImageKey}},
		{ImageDamaged, CheckFailed, 500, "the image is not what its digest says", []Key{ImageKey}},
		{ImageUnsuitable, Refused, 409, "the image has not what the instance needs", []Key{ImageKey}},
		{ImageOutdated, Refused, 409, "the image was built by a version of holm that is too old for this", []Key{ImageKey}},
		{DownloadFailed, Failure, 502, "a download did not succeed", nil},
		{FlavorNotFound, NotFound, 404, "nobody has made or changed such a flavor", []Key{FlavorKey}},
		{FlavorUnknown, Usage, 400, "an instance was asked for in a flavor that there is not", []Key{FlavorKey}},
		{RootNeeded, Unfit, 500, "holm has to be run as root for it", nil},
		{PermissionDenied, Failure, 500, "the operating system does not permit it to this process", nil},
		{DiskFull, Failure, 507, "there is no space left to write", nil},
		{HostFull, Unfit, 507, "too little space is left where instances are kept", []Key{UnitKey, FreeKey, AskedKey}},
		{HostTooSmall, Unfit, 422, "the host has fewer processors or less memory than was asked for", []Key{UnitKey, AskedKey, LimitKey}},
		{HostMemoryPromised, Refused, 507, "the host has promised its memory to others", []Key{UnitKey, UsedKey, AskedKey, LimitKey}},
		{EmulationRefused, Refused, 403, "there is no KVM for it, and lab mode is off", nil},
		{ProgramMissing, Unfit, 503, "a program that holm runs is not installed", []Key{ProgramKey}},
		{PathUntrusted, Unfit, 500, "somebody else could change what holm relies on", []Key{PathKey}},
		{HypervisorUnreachable, Unfit, 503, "libvirt does not answer", nil},
		{HypervisorUnsupported, Unfit, 501, "this libvirt or QEMU cannot do it", nil},
		{ForeignObject, Exists, 409, "libvirt has one of that name or id that is not holm's", nil},
		{NetworkOverlaps, Exists, 409, "the network overlaps another one", []Key{NetworkKey}},
		{AddressesExhausted, Refused, 507, "there is no free address or network left in it", []Key{NetworkKey}},
		{DatabaseBusy, Busy, 409, "another process has the database", nil},
		{DatabaseDamaged, Failure, 500, "the database is not intact", []Key{PathKey}},
		{DatabaseNewer, Failure, 500, "a newer version of holm wrote the database", []Key{PathKey}},
		{HostKeyLocked, Unfit, 503, "the host's key needs its passphrase, once after each boot", nil},
		{HostKeyMissing, Failure, 500, "the file with the host's key is gone", []Key{PathKey}},
		{HostKeyDamaged, Failure, 500, "the file with the host's key is not intact", nil},
		{PassphraseWrong, Refused, 403, "this is not the passphrase of the host's key", nil},
		{KeyDestroyed, Failure, 410, "the key was destroyed, and what it encrypted cannot be read any more", nil},
		{KeyMismatch, Failure, 500, "the key at hand is not the one that sealed it", nil},
		{DriveNotFound, NotFound, 404, "there is no such drive", []Key{PathKey}},
		{DriveInUse, Refused, 409, "the drive is in use, or holds something", []Key{PathKey}},
		{VolumeInUse, Busy, 409, "a guest has the volume open", []Key{PathKey}},
		{VolumeShrinks, Usage, 400, "a volume does not become smaller", []Key{UnitKey, AskedKey, UsedKey}},
		{AuditTampered, CheckFailed, 422, "the audit log, a checkpoint or an archive is not what it has to be", nil},
		{EvidenceInvalid, CheckFailed, 422, "a piece of evidence does not hold", []Key{PathKey}},
	}
}

var entries = func() map[Code]Entry {
	m := map[Code]Entry{}
	for _, e := range Catalogue() {
		m[e.Code] = e
	}
	return m
}()

// Kind is what the caller can do about a fault of the code. A code that is not in the catalogue is a failure.
func (c Code) Kind() Kind {
	if e, ok := entries[c]; ok {
		return e.Kind
	}
	return Failure
}

// HTTP is the status of an answer over HTTP that carries a fault of the code.
func (c Code) HTTP() int {
	if e, ok := entries[c]; ok {
		return e.HTTP
	}
	return 500
}
