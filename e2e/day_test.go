//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holm/e2e/world"
)

// day is the instance that people work in: profile docker, flavor small, of a tenant that knows the world.
const (
	day       = prefix + "day"
	dayTenant = prefix + "days"
)

// working is what the hours of the day have in common.
type working struct {
	world *world.World
	stock map[string]world.Image
	next  string // an image to rebuild from
}

// TestADaysWork is what a person does in an instance from morning to evening, in a world with names, a registry with an
// authority of its own, a proxy, a clock, and a machine outside. Each hour builds on those before.
func TestADaysWork(t *testing.T) {
	beside(t, nil)
	w := needWorld(t)
	stock, err := w.Stock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Removed after the instance that runs it: what is cleaned up is so in the order from the last to the first.
	next := variant(t, image(t, stateDir).Digest, func(m map[string]any) { m["builder"] = "of the day" })
	d := working{world: w, stock: stock, next: next}
	d.begin(t)
	for _, hour := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"names resolve in the instance", d.names},
		{"the clock is the company's", d.clock},
		{"images are pulled by tag, by digest and from the mirror", d.pull},
		{"names resolve in a container", d.namesInContainers},
		{"images are built, with BuildKit and without, and pushed", d.build},
		{"a stack is brought up from inside, and its port answers from outside", d.stackFromInside},
		{"thirty commands at once through the context succeed", d.throughTheContext},
		{"it is all there after a restart", d.afterRestart},
		{"it is all there after a rebuild", d.afterRebuild},
		{"it is all there after a reboot from within", d.afterReboot},
	} {
		if !t.Run(hour.name, hour.do) && hour.name == "a stack is brought up from inside, and its port answers from outside" {
			t.Fatal("without the stack, there is nothing to look for afterwards")
		}
	}
}

// begin makes a tenant that knows the world, and the instance.
func (d working) begin(t *testing.T) {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, d.world.CA, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if rm := holm("tenant", "rm", "--yes", dayTenant).do(context.Background()); rm.code != 0 && rm.code != 4 {
			t.Errorf("remove tenant %s: exit %d\n%s", dayTenant, rm.code, rm.stderr)
		}
	})
	holm("tenant", "create", dayTenant).must(t)
	holm("tenant", "set", dayTenant, "--nameserver", world.NamesIPv4, "--nameserver", world.NamesIPv6, "--search", world.Domain,
		"--ca-certificate", ca, "--registry-mirror", world.MirrorURL, "--ntp", world.ClockName,
		"--proxy", world.ProxyURL, "--no-proxy", world.WebName).must(t)
	tidy(t, day, "--tenant", dayTenant)
	holm("create", day, "--tenant", dayTenant).must(t)
	holm("expose", day, "80", "--tenant", dayTenant).must(t)
}

// run runs a line in a shell of the instance's and returns what it printed.
func (d working) run(t *testing.T, line string) string {
	t.Helper()
	return strings.TrimSpace(d.call(line).must(t))
}

func (d working) call(line string) call {
	return holm("exec", day, "--tenant", dayTenant, "--", "sh", "-c", line)
}

func (d working) names(t *testing.T) {
	for line, want := range map[string]string{
		"getent ahostsv4 " + world.WebName:                        world.WebIPv4 + " ",
		"getent ahostsv4 web":                                     world.WebIPv4 + " ",
		"getent ahostsv6 " + world.SixName:                        world.WebIPv6 + " ",
		"getent ahostsv4 " + world.ElseName:                       world.WebIPv4 + " ",
		"getent hosts " + world.MissingName + " || true":          "",
		"getent ahostsv4 " + world.ManyName + " | grep -c STREAM": "100",
		"curl -sSf --noproxy '*' " + world.WebURL:                 "client ",
	} {
		if got := d.run(t, line); !strings.HasPrefix(got, want) || (want == "" && got != "") {
			t.Errorf("%s says %q, want %q", line, got, want)
		}
	}
	// A name server that does not answer holds up the one question, not the next.
	start := time.Now()
	d.run(t, "! timeout 60 getent hosts "+world.SilentName+" && getent ahostsv4 "+world.FourName)
	if took := time.Since(start); took > 90*time.Second {
		t.Errorf("it took %s", took)
	}
}

func (d working) clock(t *testing.T) {
	if got := d.run(t, "timedatectl show-timesync -p SystemNTPServers -p FallbackNTPServers -p ServerName; timedatectl timesync-status | grep -i server"); !strings.Contains(got, world.ClockName) {
		t.Errorf("the clock goes by %q", got)
	}
}

func (d working) pull(t *testing.T) {
	for _, ref := range []string{d.stock["busybox"].Tag, d.stock["nginx"].Digest} {
		d.run(t, "docker pull -q "+ref)
	}
	d.run(t, "docker pull -q redis") // Docker's own registry is not there; the mirror has it
	if log, err := d.world.Log("proxy"); err != nil || !strings.Contains(log, "CONNECT "+world.RegistryName+":443") {
		t.Errorf("the proxy was not asked (%v): %.2000s", err, log)
	}
}

func (d working) namesInContainers(t *testing.T) {
	in := "docker run --rm " + d.stock["busybox"].Tag + " "
	for line, want := range map[string]string{
		in + "wget -Y off -qO- " + world.WebURL:                               "client ", // not by the proxy, which looks names up by itself
		in + "wget -Y off -qO- http://web":                                    "client ",
		in + "wget -Y off -qO- http://" + world.FourName:                      "client ",
		in + "wget -qO- http://" + world.ElseName:                             "client ",
		in + "wget -Y off -qO- http://" + world.MissingName + " 2>&1 || true": "wget: bad address",
	} {
		if got := d.run(t, line); !strings.HasPrefix(got, want) {
			t.Errorf("%s says %q, want %q", line, got, want)
		}
	}
}

const dockerfile = `FROM registry.corp.example/library/busybox:1
RUN wget -Y off -qO- http://web/ | grep client
RUN id > /made
CMD ["cat", "/made"]
`

func (d working) build(t *testing.T) {
	d.call("mkdir -p ~/build && cat > ~/build/Dockerfile").reading(strings.NewReader(dockerfile)).must(t)
	for _, kit := range []string{"0", "1"} {
		tag := world.RegistryName + "/team/made:" + kit
		o := d.call("DOCKER_BUILDKIT=" + kit + " docker build --no-cache -t " + tag + " ~/build").run(t)
		if o.code != 0 {
			t.Errorf("DOCKER_BUILDKIT=%s: exit %d\n%s", kit, o.code, tail(o.stdout+o.stderr))
			continue
		}
		if kit == "1" && strings.Contains(o.stdout+o.stderr, "Step 1/") {
			t.Error("BuildKit was not used")
		}
		d.run(t, "docker push -q "+tag)
		d.run(t, "docker rmi -f "+tag)
		if got := d.run(t, "docker run --rm "+tag); !strings.HasPrefix(got, "uid=0") {
			t.Errorf("what was built says %q", got)
		}
	}
}

const compose = `name: shop
services:
  web:
    image: registry.corp.example/library/nginx:1
    ports: ["80:80"]
    volumes: ["pages:/srv"]
    restart: unless-stopped
  db:
    image: registry.corp.example/library/postgres:1
    environment: {POSTGRES_PASSWORD: secret}
    volumes: ["rows:/data"]
    restart: unless-stopped
  cache:
    image: registry.corp.example/library/redis:1
    volumes: ["keys:/data"]
    restart: unless-stopped
volumes: {pages: {}, rows: {}, keys: {}}
`

// query asks the stack's database, from a container beside it.
const query = `docker compose -f ~/shop/compose.yml exec -T -e PGPASSWORD=secret db sh -c '$(echo /usr/lib/postgresql/*/bin/psql) -h 127.0.0.1 -U postgres -Atc "$0"' `

func (d working) stackFromInside(t *testing.T) {
	d.call("mkdir -p ~/shop && cat > ~/shop/compose.yml").reading(strings.NewReader(compose)).must(t)
	d.run(t, "cd ~/shop && docker compose up -d --quiet-pull 2>&1")
	d.run(t, "docker compose -f ~/shop/compose.yml exec -T web sh -c 'echo open > /srv/index.html'")
	d.run(t, "docker compose -f ~/shop/compose.yml exec -T cache redis-cli set door open")
	d.run(t, "for i in $(seq 120); do "+query+"'select 1' >/dev/null 2>&1 && break; sleep 1; done; "+
		query+"'create table doors (state text)' && "+query+`"insert into doors values ('open')"`)
	d.open(t)
}

// open fails the test unless the stack answers, from outside and from inside, and has what was put into it.
func (d working) open(t *testing.T) {
	t.Helper()
	for _, url := range []string{"http://" + world.HostIPv4 + "/", "http://[" + world.HostIPv6 + "]/"} {
		if got := d.ask(t, url); got != "open\n" {
			t.Errorf("from outside, %s says %q", url, got)
		}
	}
	for line, want := range map[string]string{
		"docker compose -f ~/shop/compose.yml exec -T cache redis-cli get door":                                                           "open",
		"for i in $(seq 120); do " + query + "'select 1' >/dev/null 2>&1 && break; sleep 1; done; " + query + "'select state from doors'": "open",
		"curl -sS --noproxy '*' http://127.0.0.1/":                                                                                        "open",
	} {
		if got := d.run(t, line); got != want {
			t.Errorf("%s says %q, want %q", line, got, want)
		}
	}
}

// ask asks from outside, again while nobody answers: after a reboot from within nobody has waited for the stack.
func (d working) ask(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for {
		got, err := d.world.Outside(ctx, "curl", "-gsSf", "--max-time", "10", url)
		if err == nil {
			return got
		}
		select {
		case <-ctx.Done():
			t.Errorf("from outside, %s: %v", url, err)
			return ""
		case <-time.After(time.Second): // nobody tells when a container listens
		}
	}
}

func (d working) throughTheContext(t *testing.T) {
	docker := d.context(t)
	if out, err := docker("ps", "--format", "{{.Names}}").CombinedOutput(); err != nil || !strings.Contains(string(out), "shop-web-1") {
		t.Fatalf("docker ps: %v\n%s", err, out)
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if out, err := docker("ps", "-q").CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	if got := d.run(t, "echo still here"); got != "still here" {
		t.Errorf("then exec says %q", got)
	}
}

func (d working) afterRestart(t *testing.T) {
	holm("restart", day, "--tenant", dayTenant).must(t)
	d.open(t)
}

func (d working) afterRebuild(t *testing.T) {
	holm("rebuild", day, "--keep-state", "--image", d.next, "--tenant", dayTenant).must(t)
	d.open(t)
	d.names(t)
}

func (d working) afterReboot(t *testing.T) {
	boot := d.run(t, "cat /proc/sys/kernel/random/boot_id")
	d.call("sudo reboot").run(t) // ssh may or may not come to its end
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for now := ""; now == "" || now == boot; {
		select {
		case <-ctx.Done():
			t.Fatal("it did not come back")
		case <-time.After(time.Second): // nobody tells when sshd listens again
		}
		now = strings.TrimSpace(d.call("cat /proc/sys/kernel/random/boot_id").run(t).stdout)
	}
	d.open(t)
	d.names(t)
}
