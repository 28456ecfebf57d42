// Package doctor judges whether this host is fit to run instances: one list of checks, each with what it found and
// the command that mends it. A check tries a thing wherever trying is harmless, and looks it up only where it is not.
// There is one file a check, or for a few small ones of one subject; checks lists them in the order in which they are reported.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"holm/provisioner/environment"
)

// Status is the verdict of one check.
type Status string

// The verdicts. A host with a Fail is unfit; a Warn is for the operator to weigh.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Result is one check as it came out.
type Result struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
	Found  string `json:"found"`            // one line
	Remedy string `json:"remedy,omitempty"` // a command to paste, or what to do where no command helps
}

// HostFacts says which machine was looked at. What could not be learnt is empty or zero.
type HostFacts struct {
	Hostname    string `json:"hostname"`
	OS          string `json:"os"`      // "Debian 13"
	Libvirt     string `json:"libvirt"` // version, "11.3.0"
	QEMU        string `json:"qemu"`    // version, "10.0.2"
	CPUs        int    `json:"cpus"`
	MemoryBytes uint64 `json:"memory_bytes"`
}

// Report is the whole list, in fixed order.
type Report struct {
	Host    HostFacts `json:"host"`
	Lab     bool      `json:"lab"` // lab mode: what is wrong with isolation only warns
	Results []Result  `json:"results"`
}

// Fit tells whether no check failed.
func (r Report) Fit() bool { return r.Count(Fail) == 0 }

// Count tells how many checks came out as s.
func (r Report) Count(s Status) int {
	n := 0
	for _, res := range r.Results {
		if res.Status == s {
			n++
		}
	}
	return n
}

// LibvirtInfo is what libvirt says of itself and of the host.
type LibvirtInfo struct {
	LibvirtVersion string   // "9.0.0"
	QEMUVersion    string   // "7.2.22"
	SecurityModels []string // "apparmor", "dac"
}

// Options says what to look at. Only Libvirt must be set; the zero value of anything else means this machine.
type Options struct {
	Root     string        // where /proc, /sys, /dev, /etc are looked up; "" is "/"
	StateDir string        // absolute; "" is /var/lib/holm
	Connect  string        // libvirt's URI; "" is qemu:///system
	Lab      bool          // the host is set to lab mode
	Users    string        // what tenants' users are taken from; "" is uids.Default
	Subnet   netip.Prefix  // of the instances; zero is 10.77.0.0/24
	Bridge   string        // holm's own, whose routes do not collide; "" is holm0
	Deadline time.Duration // for each check; 0 is 30 s

	// Libvirt asks libvirt at Connect.
	Libvirt func(context.Context) (LibvirtInfo, error)
	// Pools looks at the pools; nil is not to look.
	Pools func(context.Context) ([]PoolInfo, error)
	// Memory says what of the host's memory is promised; nil is not to look.
	Memory func(context.Context) (MemoryInfo, error)
	// Audit says how many entries the log of changes has that are not archived; nil is not to look.
	Audit func(context.Context) (uint64, error)
	// Names is what instances are told of names, and the host's own resolver; nil is not to look.
	Names func() (environment.InForce, environment.Resolver)
	// Look finds a program; nil is run.Look.
	Look func(program string) (string, error)
	// Probes are the measurements that no file shows; those that are nil are made for real.
	Probes Probes
}

type check struct {
	id  string
	run func(context.Context, *env) Result
	fix func(*env) error // nil: there is no mend that is safe to make unasked
}

func checks() []check {
	return []check{
		{id: "kvm", run: checkKVM},
		{id: "tcg", run: checkTCG},
		{id: "libvirt", run: checkLibvirt},
		{id: "libvirt-language", run: checkLanguage},
		{id: "qemu", run: checkQEMU},
		{id: "programs", run: checkPrograms},
		{id: "apparmor", run: checkAppArmor},
		{id: "seccomp", run: checkSeccomp},
		{id: "console", run: checkConsole},
		{id: "ksm", run: checkKSM, fix: fixKSM},
		{id: "swap", run: checkSwap},
		{id: "smt", run: checkSMT},
		{id: "vulnerabilities", run: checkVulnerabilities},
		{id: "nested", run: checkNested},
		{id: "tun", run: checkTUN},
		{id: "nft", run: checkNFT},
		{id: "ebtables", run: checkEbtables},
		{id: "subnet", run: checkSubnet},
		{id: "ipv6", run: checkIPv6},
		{id: "forwarding", run: checkForwarding},
		{id: "flows", run: checkFlows},
		{id: "memory", run: checkMemory},
		{id: "names", run: checkNames},
		{id: "space", run: checkSpace},
		{id: "pools", run: checkPools},
		{id: "audit", run: checkAudit},
		{id: "clock", run: checkClock},
		{id: "cgroups", run: checkCgroups},
		{id: "state", run: checkState, fix: fixState},
		{id: "users", run: checkUsers},
	}
}

// Run makes every check at the same time and returns when the last is done or past its deadline. A check that does
// not finish is reported as such; it never holds up the others.
func Run(ctx context.Context, o Options) Report {
	e := newEnv(ctx, o)
	list := checks()
	report := Report{Lab: o.Lab, Results: make([]Result, len(list))}
	var wg sync.WaitGroup
	for i, c := range list {
		wg.Go(func() { report.Results[i] = e.within(ctx, c) })
	}
	wg.Go(func() { report.Host = e.facts(ctx) })
	wg.Wait()
	return report
}

// within runs one check under the deadline. The check's goroutine is left behind when it hangs in a system call
// that nothing can interrupt, as statfs does on a dead NFS server.
func (e *env) within(ctx context.Context, c check) Result {
	ctx, cancel := context.WithTimeout(ctx, e.Deadline)
	defer cancel()
	done := make(chan Result, 1)
	go func() { done <- c.run(ctx, e) }()
	var res Result
	select {
	case res = <-done:
	case <-ctx.Done():
		res = fail("holm doctor   # again, on an idle host", "not answered within %v", e.Deadline)
		if errors.Is(ctx.Err(), context.Canceled) {
			res = warn("", "interrupted")
		}
	}
	res.ID = c.id
	return res
}

func ok(format string, args ...any) Result {
	return Result{Status: OK, Found: fmt.Sprintf(format, args...)}
}

func warn(remedy, format string, args ...any) Result {
	return Result{Status: Warn, Found: fmt.Sprintf(format, args...), Remedy: remedy}
}

func fail(remedy, format string, args ...any) Result {
	return Result{Status: Fail, Found: fmt.Sprintf(format, args...), Remedy: remedy}
}
