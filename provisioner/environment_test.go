package provisioner_test

import (
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/tenants"
)

// told is what guests were told of the world, by the question, oldest first.
type told struct {
	later string // what the guest says has to wait
	mute  bool   // it says nothing of what it is told while it runs

	mu  sync.Mutex
	all []report.Question
}

// listening is an honest guest whose host's words are kept.
func (l *told) listening() guest {
	status := []report.Report{readyReport()}
	return func(_ string, port io.ReadWriter) {
		for q := range questions(port) {
			if q.Environment != nil {
				l.mu.Lock()
				l.all = append(l.all, q)
				l.mu.Unlock()
			}
			reports := status
			switch q.Ask {
			case report.AskChecks:
				reports = []report.Report{checkedReport()}
			case report.AskExpose:
				reports = []report.Report{exposedReport(q.Ports)}
			case report.AskEnvironment:
				if l.mute {
					continue
				}
				reports = []report.Report{{Stage: report.StageChecked, Note: l.later}}
			}
			for _, r := range reports {
				if writeReport(port, q, r) != nil {
					return
				}
			}
		}
	}
}

// last is the last question that told something.
func (l *told) last(t *testing.T) report.Question {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		t.Fatal("no guest was told anything")
	}
	return l.all[len(l.all)-1]
}

func servers(list ...string) environment.Resolver {
	r := environment.Resolver{File: "/etc/resolv.conf"}
	for _, text := range list {
		r.Servers = append(r.Servers, netip.MustParseAddr(text))
	}
	return r
}

func TestAGuestIsToldTheHostsNameServersAtEachStart(t *testing.T) {
	w := newWorld(t)
	var l told
	w.play(l.listening())
	w.created("web")
	if got := l.last(t).Environment.Nameservers; !slices.Equal(got, servers("9.9.9.9").Servers) {
		t.Errorf("it was made with %v", got)
	}
	w.resolver = servers("192.0.2.53", "2001:db8::53")
	must1(t)(w.holm().Instances.Expose(t.Context(), "default", "web", []model.Port{{Protocol: "tcp", Host: 8080, Guest: 80}}, nil))
	must1(t)(w.holm().Instances.Restart(t.Context(), "default", "web", nil))
	q := l.last(t)
	if got := q.Environment.Nameservers; !slices.Equal(got, w.resolver.Servers) {
		t.Errorf("after a restart it was told %v", got)
	}
	if want := []report.Port{{Protocol: "tcp", Number: 80}}; q.Ask != report.AskStatus || !slices.Equal(q.Ports, want) {
		t.Errorf("the question %q brings the ports %v", q.Ask, q.Ports)
	}
}

func TestNamesAreToldOfThoseThatMayBeReachedAndOfNobodyElse(t *testing.T) {
	w := newWorld(t)
	var l told
	w.play(l.listening())
	ctx := t.Context()
	yes := true
	must1(t)(w.holm().Tenants.Add(ctx, "acme", tenants.Change{Internal: &yes}))
	must1(t)(w.holm().Tenants.Add(ctx, "other", tenants.Change{}))
	for _, spec := range []instances.Spec{{Name: "lone"}, {Name: "x", Tenant: "other"}, {Name: "y", Tenant: "other"}, {Name: "db", Tenant: "acme"}, {Name: "web", Tenant: "acme"}} {
		must1(t)(w.holm().Instances.Create(ctx, spec, nil))
	}
	names := func(tenant, name string) string {
		must1(t)(w.holm().Instances.Restart(ctx, tenant, name, nil))
		var all []string
		for _, host := range l.last(t).Environment.Hosts {
			if host.Address.Is4() {
				all = append(all, strings.Join(host.Names, " "))
			}
		}
		return strings.Join(all, ", ")
	}
	for _, c := range []struct{ tenant, name, want string }{
		{"acme", "web", "web web.acme.holm, db db.acme.holm"},
		{"acme", "db", "db db.acme.holm, web web.acme.holm"},
		{"other", "x", "x x.other.holm"},
		{"default", "lone", "lone lone.default.holm"},
	} {
		if got := names(c.tenant, c.name); got != c.want {
			t.Errorf("%s/%s is told %q, want %q", c.tenant, c.name, got, c.want)
		}
	}
}

func TestTheNearestSettingReachesTheGuest(t *testing.T) {
	w := newWorld(t)
	var l told
	w.play(l.listening())
	w.created("web")
	ctx := t.Context()
	must1(t)(w.records.SetHost(ctx, func(h *model.Host) error {
		h.Environment = model.Environment{Nameservers: []string{"192.0.2.2"}, TimeServers: []string{"192.0.2.123"}}
		return nil
	}))
	must1(t)(w.records.Update(ctx, w.record().ID, func(i *model.Instance) error {
		i.Environment = model.Environment{Nameservers: []string{"192.0.2.3"}}
		return nil
	}))
	must1(t)(w.holm().Instances.Restart(ctx, "default", "web", nil))
	e := l.last(t).Environment
	if !slices.Equal(e.Nameservers, servers("192.0.2.3").Servers) || !slices.Equal(e.TimeServers, []string{"192.0.2.123"}) {
		t.Errorf("it was told %v and %v", e.Nameservers, e.TimeServers)
	}
}

func TestASettingIsToldAtOnceAndWhatHasToWaitIsSaid(t *testing.T) {
	w := newWorld(t)
	l := told{later: "containers run"}
	w.play(l.listening())
	w.created("web")
	var seen []string
	_, err := w.holm().Instances.SetEnvironment(t.Context(), "default", "web", environment.Change{Search: &[]string{"corp.example"}},
		func(e operations.Event) { seen = append(seen, string(e.Phase)+" "+e.Step+" "+e.Text) })
	if err != nil {
		t.Fatal(err)
	}
	if got := l.last(t); got.Ask != report.AskEnvironment || !slices.Equal(got.Environment.Search, []string{"corp.example"}) {
		t.Errorf("it was told %+v", got.Environment)
	}
	if want := []string{string(operations.Begun) + " told ", string(operations.Finished) + " told containers run"}; !slices.Equal(seen, want) {
		t.Errorf("seen was %q, want %q", seen, want)
	}
}

func TestASettingThatTheGuestDoesNotConfirmIsOnRecordAndSaidToBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l := told{mute: true}
		w.play(l.listening())
		w.created("web")
		inst, err := w.holm().Instances.SetEnvironment(t.Context(), "default", "web", environment.Change{Search: &[]string{"corp.example"}}, nil)
		refused(t, err, fault.Failure, `instance "web" has not said within 50 s that it goes by it`, "holm restart web")
		if !slices.Equal(inst.Environment.Search, []string{"corp.example"}) {
			t.Errorf("the record has %v", inst.Environment.Search)
		}
	})
}

// While it boots, a sibling is made: neither could be told of the other by then.
func TestOneThatBootsWhileASiblingIsMadeIsToldOfIt(t *testing.T) {
	w := newWorld(t)
	var l told
	w.play(l.listening())
	yes := true
	must1(t)(w.holm().Tenants.Add(t.Context(), "acme", tenants.Change{Internal: &yes}))
	made := false
	w.at("ready.before", func() {
		if !made {
			made = true
			must1(t)(w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Tenant: "acme"}, nil))
		}
	})
	must1(t)(w.holm().Instances.Create(t.Context(), instances.Spec{Name: "db", Tenant: "acme"}, nil))
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.all {
		hosts := q.Environment.Hosts
		if q.Ask == report.AskEnvironment && len(hosts) > 1 && hosts[0].Names[0] == "db" &&
			slices.ContainsFunc(hosts, func(h report.HostName) bool { return h.Names[0] == "web" }) {
			return
		}
	}
	t.Errorf("db was told %+v", l.all)
}
