package boot

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inconsistent makes an ext4 with a file in a folder, damages it as commands of debugfs say, and marks it as one in which
// the kernel saw errors.
func inconsistent(t *testing.T, damage ...string) string {
	t.Helper()
	disk := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 64<<20); err != nil {
		t.Fatal(err)
	}
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool(t, "mke2fs"), "-q", "-t", "ext4", "-F", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	commands := append([]string{"mkdir folder", "write " + precious + " folder/precious"}, damage...)
	for _, command := range append(commands, "ssv state 2") {
		if out, err := exec.CommandContext(t.Context(), tool(t, "debugfs"), "-w", "-R", command, disk).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	return disk
}

// e2fsck runs the machine's own.
func e2fsck(t *testing.T) fsck {
	program := tool(t, "e2fsck")
	return func(ctx context.Context, args ...string) ([]byte, int, error) {
		out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return out, exit.ExitCode(), nil
		}
		return out, 0, err
	}
}

func TestADamagedFileSystemIsRepairedAtBoot(t *testing.T) {
	for name, c := range map[string]struct {
		damage []string
		says   string // on the console, "" for nothing
	}{
		"none, but the kernel saw an error": {nil, ""},
		"a folder's inode is gone":          {[]string{"clri folder"}, "lost+found"},
		"the root's inode is gone":          {[]string{"clri <2>"}, "lost+found"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := inconsistent(t, c.damage...)
			var console bytes.Buffer
			if err := check(t.Context(), e2fsck(t), disk, &console); err != nil {
				t.Fatalf("%v\n%s", err, console.String())
			}
			if said := console.String(); (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
				t.Errorf("the console says %q, want %q", said, c.says)
			}
			if out, status, err := e2fsck(t)(t.Context(), "-f", "-n", disk); err != nil || status != 0 {
				t.Errorf("e2fsck still finds: %d %v\n%s", status, err, out)
			}
			content, err := os.ReadFile(disk)
			if err != nil || !bytes.Contains(content, []byte("precious")) {
				t.Errorf("the file's content is gone: %v", err)
			}
		})
	}
}

func TestWhatCannotBeRepairedSaysSo(t *testing.T) {
	var console bytes.Buffer
	err := check(t.Context(), e2fsck(t), inconsistent(t, "ssv first_data_block 77"), &console)
	if err == nil || !strings.Contains(err.Error(), "did not repair it") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %v", err)
	}
	if !strings.Contains(console.String(), "first_data_block = 77") {
		t.Errorf("the console says %q", console.String())
	}
}

func TestARepairIsTriedOnceAndItsFailureSaysWhatToDo(t *testing.T) {
	type end struct {
		said   string
		status int
		err    error
	}
	missing := errors.New("no such program")
	for name, c := range map[string]struct {
		ends []end // of each run, in order
		want string
	}{
		"clean":                           {[]end{{"clean", 0, nil}}, ""},
		"corrected":                       {[]end{{"fixed", 1, nil}}, ""},
		"corrected, and would reboot":     {[]end{{"fixed", 3, nil}}, ""},
		"more than a preen, and repaired": {[]end{{"RUN fsck MANUALLY", 4, nil}, {"fixed", 1, nil}}, ""},
		"the first superblock is bad":     {[]end{{"bad magic", 8, nil}, {"fixed", 1, nil}}, ""},
		"not repaired":                    {[]end{{"RUN fsck MANUALLY", 4, nil}, {"a\ntoo bad\n", 4, nil}}, `(too bad): keep a copy`},
		"repaired in part":                {[]end{{"RUN fsck MANUALLY", 4, nil}, {"too bad", 5, nil}}, "status 5"},
		"ended in the middle":             {[]end{{"RUN fsck MANUALLY", 12, nil}, {"cancelled", 32, nil}}, "status 32"},
		"called wrongly":                  {[]end{{"usage", 16, nil}}, "status 16"},
		"not there":                       {[]end{{"", 0, missing}}, missing.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			run := func(context.Context, ...string) ([]byte, int, error) {
				if runs == len(c.ends) {
					t.Fatal("it is run once more")
				}
				e := c.ends[runs]
				runs++
				return []byte(e.said), e.status, e.err
			}
			err := check(t.Context(), run, "/dev/vdb", &bytes.Buffer{})
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			if runs != len(c.ends) {
				t.Errorf("%d runs, want %d", runs, len(c.ends))
			}
		})
	}
}

func TestTheConsoleIsNotFloodedByAWreck(t *testing.T) {
	var console bytes.Buffer
	tell(&console, bytes.Repeat([]byte(strings.Repeat("x", 1000)+"\n\n"), 10_000))
	if lines := strings.Count(console.String(), "\n"); lines != maxSaid+1 || console.Len() > 300*(maxSaid+1) {
		t.Errorf("%d lines, %d bytes", lines, console.Len())
	}
}
