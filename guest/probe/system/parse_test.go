package system

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"holm/guest/report"
)

const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - erofs /dev/dm-0 ro,user_xattr
23 22 0:21 / /proc rw,nosuid,nodev,noexec shared:2 - proc proc rw
24 22 0:22 / /etc rw,nosuid,nodev - overlay overlay rw,lowerdir=/etc
25 22 253:16 /store/home /home rw,nosuid,nodev,noatime shared:3 master:1 - ext4 /dev/vdb rw,discard
26 22 253:16 /a /mnt/with\040blank\134 rw - ext4 /dev/vdb rw
27 22 0:30 / /ro ro,nosuid - tmpfs tmpfs rw
28 22 0:31 / /home rw - tmpfs tmpfs rw
not a line
29 22 0:32 / /cut rw
`

func TestFileSystemsThatHoldFilesAreFoundInMountinfo(t *testing.T) {
	var got []mounted
	for _, m := range parseMountinfo([]byte(mountinfo)) {
		if m.holdsFiles() {
			got = append(got, m)
		}
	}
	want := []mounted{{"/etc", "overlay", true}, {`/mnt/with blank\`, "ext4", true}, {"/home", "tmpfs", true}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mounted{})); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
}

func TestSetuidRunsAreJudgedByWhomTheyBecame(t *testing.T) {
	stayed := setuidRun{mount: "/home", euid: "65534"}
	refused := setuidRun{mount: "/tmp", err: &os.PathError{Err: unix.EACCES}}
	for name, c := range map[string]struct {
		runs []setuidRun
		want report.Outcome
	}{
		"all stayed or were refused": {[]setuidRun{stayed, refused}, report.Passed},
		"one became root":            {[]setuidRun{stayed, {mount: "/x", euid: "0"}}, report.Failed},
		"one became somebody":        {[]setuidRun{stayed, {mount: "/x", euid: "1000"}}, report.Failed},
		"none ran":                   {[]setuidRun{refused}, report.Inconclusive},
		"nowhere to try":             {nil, report.Inconclusive},
		"one could not be made":      {[]setuidRun{stayed, {mount: "/x", err: errors.New("disk full")}}, report.Inconclusive},
		"one said nothing":           {[]setuidRun{stayed, {mount: "/x"}}, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judgeCopies(c.runs); got.Outcome != c.want {
				t.Errorf("it is %+v, want %s", got, c.want)
			}
		})
	}
}

func TestTheEffectiveUserIsTheSecondOfFour(t *testing.T) {
	if got := effectiveUser([]byte("Name:\tcat\nUid:\t65534\t0\t1\t2\nGid:\t1\t2\t3\t4\n")); got != "0" {
		t.Errorf("it is %q", got)
	}
	if got := effectiveUser([]byte("Name:\tUid:\n")); got != "" {
		t.Errorf("without the line it is %q", got)
	}
}

// strict is a file of settings that has all that must not be missing.
const strict = `# comment
fs.protected_fifos = 2
fs.protected_hardlinks=1
fs.protected_regular = 2
fs.protected_symlinks = 1
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
kernel.perf_event_paranoid = 3
kernel.printk = 4 4	1 7
kernel.randomize_va_space = 2
kernel.unprivileged_bpf_disabled = 1
kernel.yama.ptrace_scope = 1
net.core.bpf_jit_harden = 2
; another
net.ipv4.tcp_syncookies = 1
`

func TestSettingsAreComparedWithTheFile(t *testing.T) {
	edit := func(old, replacement string) string { return strings.Replace(strict, old, replacement, 1) }
	for name, c := range map[string]struct {
		file  string
		live  map[string]string
		want  report.Outcome
		found string
	}{
		"all as asked for":         {strict, nil, report.Passed, "13 settings"},
		"one undone":               {strict, map[string]string{"kernel.dmesg_restrict": "0\n"}, report.Failed, `kernel.dmesg_restrict is "0", not "1"`},
		"one that is not there":    {strict + "kernel.nothing = 1\n", map[string]string{"kernel.nothing": "-"}, report.Failed, "kernel.nothing: ENOENT"},
		"an emptied file":          {"# nothing\n", nil, report.Failed, "no kernel.yama.ptrace_scope"},
		"one line gone":            {edit("kernel.kptr_restrict = 2\n", ""), nil, report.Failed, "no kernel.kptr_restrict"},
		"a weakened line":          {edit("ptrace_scope = 1", "ptrace_scope = 0"), nil, report.Failed, `kernel.yama.ptrace_scope is "0"`},
		"a value that is a word":   {edit("bpf_disabled = 1", "bpf_disabled = no"), nil, report.Failed, "at least 1"},
		"a line that may fail":     {edit("kernel.kptr", "-kernel.kptr"), nil, report.Failed, "no setting"},
		"a pattern":                {strict + "net.ipv4.conf.*.rp_filter = 1\n", nil, report.Failed, "no setting"},
		"a key out of the folder":  {strict + "net/../../etc = 1\n", nil, report.Failed, "no setting"},
		"two dots":                 {strict + "net..x = 1\n", nil, report.Failed, "no setting"},
		"the same key twice":       {strict + "kernel.kptr_restrict = 0\n", nil, report.Failed, "twice"},
		"a line without a value":   {strict + "kernel.x\n", nil, report.Failed, "no setting"},
		"a longer value, by words": {strict, map[string]string{"kernel.printk": "4\t4\t1\t7\n"}, report.Passed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			proc := t.TempDir()
			file := filepath.Join(t.TempDir(), "90-holm.conf")
			write(t, file, c.file)
			for line := range strings.Lines(c.file) {
				if key, value, ok := strings.Cut(line, "="); ok && !strings.ContainsAny(key, "/*-") {
					write(t, filepath.Join(proc, strings.ReplaceAll(strings.TrimSpace(key), ".", "/")), value)
				}
			}
			for key, value := range c.live {
				path := filepath.Join(proc, strings.ReplaceAll(key, ".", "/"))
				if value == "-" {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, path, value)
			}
			got := trySysctl(file, proc)
			if got.Outcome != c.want || !strings.Contains(got.Found, c.found) {
				t.Errorf("it is %+v, want %s: %s", got, c.want, c.found)
			}
		})
	}
	if got := trySysctl("/nowhere/90-holm.conf", t.TempDir()); got.Outcome != report.Failed {
		t.Errorf("without the file it is %+v", got)
	}
}

const (
	passwdFile = "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash\n"
	shadowFile = "root:*:20000:0:99999:7:::\nops:!:20000:0:99999:7:::\n"
)

func TestAccountsThatAPasswordOpensAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		passwd, shadow string
		says           string // "" when all are locked
	}{
		"all locked":                     {passwdFile, shadowFile, ""},
		"locked, with a password behind": {passwdFile, strings.Replace(shadowFile, "ops:!", "ops:!$y$x", 1), ""},
		"a password":                     {passwdFile, strings.Replace(shadowFile, "ops:!", "ops:$y$j9T$x", 1), "ops has a password"},
		"a password of root's":           {passwdFile, strings.Replace(shadowFile, "root:*", "root:x", 1), "root has a password"},
		"no password":                    {passwdFile, strings.Replace(shadowFile, "ops:!", "ops:", 1), "ops needs no password"},
		"no line in shadow":              {passwdFile, "root:*:20000:0:99999:7:::\n", "ops is not in shadow"},
		"a line twice":                   {passwdFile, shadowFile + "ops:!:::::::\n", "ops is in shadow twice"},
		"a password in passwd":           {strings.Replace(passwdFile, "ops:x", "ops:", 1), shadowFile, "ops has its password in passwd"},
		"another root":                   {passwdFile + "toor:x:00:0::/:/bin/sh\n", shadowFile + "toor:!:::::::\n", "toor has root's number"},
		"a line that is none":            {passwdFile + "+\n", shadowFile, "passwd has a line of 1 fields"},
		"a line of shadow that is none":  {passwdFile, shadowFile + "x:y\n", "shadow has a line of 2 fields"},
		"an account without a name":      {passwdFile + ":x:1:1:::\n", shadowFile, "passwd has a line"},
	} {
		t.Run(name, func(t *testing.T) {
			accounts, bad := openAccounts([]byte(c.passwd), []byte(c.shadow))
			if (c.says == "") != (len(bad) == 0) || !strings.Contains(strings.Join(bad, ", "), c.says) {
				t.Errorf("it names %q, want %q", bad, c.says)
			}
			if accounts < 2 {
				t.Errorf("it counts %d accounts", accounts)
			}
		})
	}
}

func TestPasswordsThatOthersCanReadAreNoSecret(t *testing.T) {
	dir := t.TempDir()
	passwd, shadow := filepath.Join(dir, "passwd"), filepath.Join(dir, "shadow")
	write(t, passwd, passwdFile)
	write(t, shadow, shadowFile)
	for mode, want := range map[os.FileMode]report.Outcome{
		0o640: report.Passed, 0o600: report.Passed, 0o644: report.Failed, 0o660: report.Failed,
	} {
		if err := os.Chmod(shadow, mode); err != nil {
			t.Fatal(err)
		}
		if got := tryAccounts(passwd, shadow); got.Outcome != want {
			t.Errorf("with mode %04o it is %+v, want %s", mode, got, want)
		}
	}
	if got := tryAccounts(passwd, filepath.Join(dir, "none")); got.Outcome != report.Inconclusive {
		t.Errorf("without shadow it is %+v", got)
	}
}

func FuzzOpenAccounts(f *testing.F) {
	f.Add(passwdFile, shadowFile)
	f.Add("a:x:0:0:::\n", "a::::::::\n")
	f.Fuzz(func(t *testing.T, passwd, shadow string) {
		// Whatever else is in the files, a line that needs no password is seen.
		_, bad := openAccounts([]byte(passwd), []byte(shadow+"\nopen::::::::\n"))
		if !strings.Contains(strings.Join(bad, ","), "open needs no password") {
			t.Errorf("it names %q", bad)
		}
	})
}

func FuzzParseMountinfo(f *testing.F) {
	f.Add(mountinfo)
	f.Fuzz(func(t *testing.T, content string) {
		seen := map[string]bool{}
		for _, m := range parseMountinfo([]byte(content)) {
			if seen[m.point] {
				t.Errorf("%q is there twice", m.point)
			}
			seen[m.point] = true
		}
	})
}

// write makes a file with its folders.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
