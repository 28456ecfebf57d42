package luks

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/run"
)

const passphrase = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// TestQEMUOpensWhatIsWritten has QEMU be the judge: with the key it writes and reads, without it it refuses.
func TestQEMUOpensWhatIsWritten(t *testing.T) {
	if _, err := run.Look("qemu-io"); err != nil {
		t.Skipf("left out: %v", err)
	}
	header, err := Header([]byte(passphrase), 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	volume, right, wrong := filepath.Join(dir, "volume"), filepath.Join(dir, "right"), filepath.Join(dir, "wrong")
	for path, content := range map[string][]byte{volume: header, right: []byte(passphrase), wrong: []byte(strings.ToLower(passphrase))} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(volume, HeaderBytes+1<<20); err != nil {
		t.Fatal(err)
	}
	io := func(key string, commands ...string) (string, error) {
		args := []string{"--object", "secret,id=s,format=raw,file=" + key}
		for _, c := range commands {
			args = append(args, "-c", c)
		}
		out, err := run.Command(t.Context(), "qemu-io", append(args, "--image-opts", "driver=luks,key-secret=s,file.filename="+volume)...)
		return string(out), err
	}
	if out, err := io(right, "read -P 0 0 64k", "write -P 0x5a 0 64k", "read -P 0x5a 0 64k", "length"); err != nil || !strings.Contains(out, "1 MiB") {
		t.Fatalf("with the key: %v\n%s", err, out)
	}
	if out, err := io(wrong, "read 0 512"); err == nil || !strings.Contains(err.Error(), "Invalid password") {
		t.Errorf("with another key: %v\n%s", err, out)
	}
	content, err := os.ReadFile(volume)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, bytes.Repeat([]byte{0x5a}, 32)) {
		t.Error("what was written can be read in the file")
	}
	info, err := run.Command(t.Context(), "qemu-img", "info", volume)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cipher alg: aes-256", "cipher mode: xts", "payload offset: 4194304"} {
		if !strings.Contains(string(info), want) {
			t.Errorf("qemu-img does not say %q:\n%s", want, info)
		}
	}
}

func TestNoTwoHeadersAreTheSame(t *testing.T) {
	a, err := Header([]byte(passphrase), 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Header([]byte(passphrase), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != HeaderBytes || bytes.Equal(a[slotStart:slotStart+sector], b[slotStart:slotStart+sector]) {
		t.Error("two volumes have the same key")
	}
	if bytes.Contains(a, []byte(passphrase)) {
		t.Error("the passphrase is in the header")
	}
	if _, err := Header([]byte("secret"), 0); err == nil {
		t.Error("a word is taken for a key")
	}
}

func BenchmarkHeader(b *testing.B) {
	for b.Loop() {
		if _, err := Header([]byte(passphrase), 0); err != nil {
			b.Fatal(err)
		}
	}
}
