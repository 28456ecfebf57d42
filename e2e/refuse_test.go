//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// refusal is a command line that comes to nothing, and the first line of what is said of it.
type refusal struct {
	args []string
	code int
	says string
}

// check runs it and holds the answer to the form that every error has: one line that says what, then the remedy.
func (r refusal) check(t *testing.T, c call) {
	t.Helper()
	o := c.run(t)
	if o.code != r.code {
		t.Errorf("exit %d, want %d\n%s", o.code, r.code, tail(o.stderr))
	}
	if o.stdout != "" {
		t.Errorf("stdout is not empty: %.300q", o.stdout)
	}
	lines := problems(o.stderr)
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "holm: ") || !strings.Contains(lines[0], r.says) {
		t.Fatalf("stderr is\n%s\nwant a line \"holm: …%s…\"", tail(o.stderr), r.says)
	}
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "      ") {
			t.Errorf("the line %q is neither the error nor its remedy", line)
		}
	}
	for _, line := range lines {
		if len(line) > 700 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
			t.Errorf("a line is not fit for a terminal: %.800q", line)
		}
	}
	for _, foreign := range []string{"*fault.", "0x", "goroutine", "runtime error", "errno", "%!"} {
		if strings.Contains(o.stderr, foreign) {
			t.Errorf("%q in what a person is told:\n%s", foreign, tail(o.stderr))
		}
	}
}

// problems is stderr from the error on: what was done before it was noticed is told line by line.
func problems(stderr string) []string {
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "holm: ") {
			return lines[i:]
		}
	}
	return nil
}

func TestBadInputIsRefusedAndLeavesNothing(t *testing.T) {
	keys := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(keys, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := strings.Repeat("a", 64<<10)
	const good = prefix + "refused"
	before := inventory(t, stateDir)
	for name, r := range map[string]refusal{
		"a name with a newline":           {[]string{"create", "e2e\nx"}, 2, `"e2e\nx" is not allowed`},
		"a name that climbs up":           {[]string{"create", "../../etc/e2e"}, 2, "is not allowed"},
		"a name like an option":           {[]string{"create", "--", "-e2e"}, 2, `"-e2e" is not allowed`},
		"an option that there is not":     {[]string{"create", "--e2e"}, 2, "unknown flag"},
		"a name that is YAML":             {[]string{"create", "e2e: {a: [b]}"}, 2, "is not allowed"},
		"a name that is XML":              {[]string{"create", "e2e</name><on_poweroff>"}, 2, "is not allowed"},
		"a name that is a shell's":        {[]string{"create", "$(reboot)"}, 2, "is not allowed"},
		"a name with an escape sequence":  {[]string{"create", "e2e\x1b[2J"}, 2, `\x1b`},
		"a name that is not UTF-8":        {[]string{"create", "e2e\xff"}, 2, "is not allowed"},
		"a name of 64 KiB":                {[]string{"create", long}, 2, "is not allowed"},
		"a name of 41 letters":            {[]string{"create", long[:41]}, 2, "is not allowed"},
		"an empty name":                   {[]string{"create", ""}, 2, "is not allowed"},
		"capitals":                        {[]string{"create", "E2E"}, 2, "is not allowed"},
		"no name":                         {[]string{"create"}, 2, "needs a name"},
		"two names":                       {[]string{"create", good, "e2e-b"}, 2, "e2e-b"},
		"a tenant that climbs up":         {[]string{"create", good, "--tenant", "../x"}, 2, "tenant"},
		"a tenant of 64 KiB":              {[]string{"create", good, "--tenant", long}, 2, "tenant"},
		"a flavor that there is not":      {[]string{"create", good, "--flavor", "huge"}, 2, `"huge"`},
		"a flavor with a newline":         {[]string{"create", good, "--flavor", "small\n"}, 2, `"small\n"`},
		"a profile that there is not":     {[]string{"create", good, "--profile", "k8s"}, 2, `"k8s"`},
		"a profile that is YAML":          {[]string{"create", good, "--profile", "docker: x"}, 2, "profile"},
		"no vCPUs":                        {[]string{"create", good, "--cpus", "0"}, 2, `"0"`},
		"less than no vCPUs":              {[]string{"create", good, "--cpus=-1"}, 2, `"-1"`},
		"more vCPUs than can be":          {[]string{"create", good, "--cpus", "65"}, 2, "65"},
		"more vCPUs than the host has":    {[]string{"create", good, "--cpus", "64"}, 6, "64 vCPUs"},
		"a number that overflows":         {[]string{"create", good, "--cpus", "99999999999999999999"}, 2, "99999999999999999999"},
		"memory without a unit":           {[]string{"create", good, "--memory", "1024"}, 2, `"1024"`},
		"too little memory":               {[]string{"create", good, "--memory", "64M"}, 2, "64 MiB"},
		"more memory than the host has":   {[]string{"create", good, "--memory", "1T"}, 6, "memory"},
		"half a gibibyte of disk":         {[]string{"create", good, "--disk", "512M"}, 2, `"512M"`},
		"more disk than can be":           {[]string{"create", good, "--disk", "100T"}, 2, "disk"},
		"a disk less than nothing":        {[]string{"create", good, "--disk=-1G"}, 2, `"-1G"`},
		"root as the user":                {[]string{"create", good, "--user", "root"}, 2, "root"},
		"a user with a colon":             {[]string{"create", good, "--user", "a:b"}, 2, `a:b`},
		"a user with a newline":           {[]string{"create", good, "--user", "ops\nroot"}, 2, `ops\nroot`},
		"a user like an option":           {[]string{"create", good, "--user", "-x"}, 2, "-x"},
		"no time to wait":                 {[]string{"create", good, "--timeout", "0s"}, 2, `"0s"`},
		"an image that there is not":      {[]string{"create", good, "--image", "debian-99"}, 4, `debian-99`},
		"a digest that there is not":      {[]string{"create", good, "--image", "sha256:" + strings.Repeat("0", 64)}, 4, "000"},
		"an image that climbs up":         {[]string{"create", good, "--image", "../../../etc/passwd"}, 4, "passwd"},
		"an image of 64 KiB":              {[]string{"create", good, "--image", long}, 4, "aaa"},
		"a key file that is not there":    {[]string{"create", good, "--ssh-key", "/nonexistent"}, 2, "/nonexistent"},
		"a key file that is a folder":     {[]string{"create", good, "--ssh-key", keys}, 2, keys},
		"a key that is none":              {[]string{"create", good, "--ssh-key", file("none", "hello world\n")}, 2, "key"},
		"a private key":                   {[]string{"create", good, "--ssh-key", file("private", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")}, 2, "key"},
		"a key with a command":            {[]string{"create", good, "--ssh-key", file("command", `command="sh" `+publicKey)}, 2, "key"},
		"a key with YAML behind it":       {[]string{"create", good, "--ssh-key", file("yaml", publicKey+"\nruncmd:\n- reboot\n")}, 2, "key"},
		"an RSA key of 1024 bits":         {[]string{"create", good, "--ssh-key", file("rsa", weakKey)}, 2, "RSA"},
		"a format that there is not":      {[]string{"ls", "-o", "xml"}, 2, "xml"},
		"a verb that there is not":        {[]string{"destroy", good}, 2, "destroy"},
		"show of what is not there":       {[]string{"show", good}, 4, good},
		"start of what is not there":      {[]string{"start", good}, 4, good},
		"stop of what is not there":       {[]string{"stop", good}, 4, good},
		"restart of what is not there":    {[]string{"restart", good}, 4, good},
		"wait of what is not there":       {[]string{"wait", good}, 4, good},
		"rm of what is not there":         {[]string{"rm", "--yes", good}, 4, good},
		"rm of a name that climbs up":     {[]string{"rm", "--yes", "../../../etc"}, 2, "is not allowed"},
		"rm without --yes":                {[]string{"rm", good}, 2, "--yes"},
		"ssh to what is not there":        {[]string{"ssh", good}, 4, good},
		"exec in what is not there":       {[]string{"exec", good, "--", "true"}, 4, good},
		"exec without a command":          {[]string{"exec", good}, 2, "command"},
		"logs of what is not there":       {[]string{"logs", good}, 4, good},
		"stats of what is not there":      {[]string{"stats", good}, 4, good},
		"cp from what is not there":       {[]string{"cp", good + ":/etc/hostname", "."}, 4, good},
		"cp between local files":          {[]string{"cp", "a", "b"}, 2, "exactly one side"},
		"console without a terminal":      {[]string{"console", good}, 2, "terminal"},
		"image show of what is not there": {[]string{"image", "show", "debian-99"}, 4, "debian-99"},
		"image rm of what is not there":   {[]string{"image", "rm", "--yes", "debian-99"}, 4, "debian-99"},
		"a lock that is not there":        {[]string{"image", "build", "--lock", "/nonexistent"}, 2, "/nonexistent"},
		"a lock that is none":             {[]string{"image", "build", "--lock", file("lock", "name: [")}, 2, "lock"},
		"a lock with an option of apt's":  {[]string{"image", "build", "--lock", file("apt", "name: debian-13\nsuite: trixie\nsource_date_epoch: 1\nwanted: [\"-oAPT::x=y\"]\npackages: {}\n")}, 2, "APT"},
		"a network that is none":          {[]string{"host", "set", "--network", "holm x", "--subnet", "10.9.0.0/24"}, 2, "holm x"},
		"a public subnet":                 {[]string{"host", "set", "--network", "holm-x", "--subnet", "8.8.8.0/24"}, 2, "8.8.8.0/24"},
		"a URI of nobody":                 {[]string{"create", good, "--connect", "nonsense:///"}, 6, "nonsense:///"},
		"a URI with a newline":            {[]string{"create", good, "--connect", "qemu:///system\n"}, 2, "not allowed"},
		"a libvirtd that is down":         {[]string{"create", good, "--connect", "qemu+unix:///system?socket=/nonexistent"}, 6, "libvirt"},
		"an empty state directory":        {[]string{"ls", "--state", ""}, 2, "--state"},
		"a state directory that is a file": {
			[]string{"create", good, "--state", file("state", "")}, 1, keys,
		},
	} {
		t.Run(name, func(t *testing.T) { r.check(t, holm(r.args...)) })
	}
	unchanged(t, stateDir, before)
}

func TestAFullDiskIsSaidBeforeAnythingIsMade(t *testing.T) {
	dir := scratch(t, "full")
	mount(t, "tmpfs", dir, "tmpfs", 0, "size=64m,mode=0711")
	if err := os.Mkdir(filepath.Join(dir, "images"), 0o711); err != nil {
		t.Fatal(err)
	}
	mount(t, filepath.Join(stateDir, "images"), filepath.Join(dir, "images"), "", syscall.MS_BIND, "")
	if err := prepare(t.Context(), dir, netName2, subnet2); err != nil {
		t.Fatal(err)
	}
	before := inventory(t, dir)
	refusal{code: 6, says: "the disk is full"}.check(t, holm("create", prefix+"full").in(dir))
	unchanged(t, dir, before)
}

func mount(t *testing.T, source, target, fstype string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount(source, target, fstype, flags, data); err != nil {
		t.Fatalf("mount %s: %v", target, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(target, 0); err != nil {
			t.Errorf("unmount %s: %v", target, err)
		}
	})
}

func TestWhoeverIsNotRootIsToldSo(t *testing.T) {
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: false}
	before := inventory(t, stateDir)
	for name, args := range map[string][]string{
		"ls":     {"ls"},
		"create": {"create", prefix + "nobody"},
		"rm":     {"rm", "--yes", prefix + "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			o := holm(args...).by(nobody).run(t)
			refusal{code: 1, says: stateDir}.check(t, holm(args...).by(nobody))
			if !strings.Contains(o.stderr, "sudo holm "+args[0]) || !strings.Contains(o.stderr, "HOLM_STATE=") {
				t.Errorf("it does not say what to do:\n%s", o.stderr)
			}
		})
	}
	unchanged(t, stateDir, before)
}
