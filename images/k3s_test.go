package images

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

// program is the least that passes for a program.
var program = "\x7fELF\x02\x01" + strings.Repeat("\x00", 12) + "\x3e\x00" + strings.Repeat("k3s", 100)

// input writes a file and returns it as an input with its true hash.
func input(t *testing.T, name, content string) Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return Input{Path: path, SHA256: sumOf(content)}
}

func layInto(ctx context.Context, t *testing.T, k *K3s) (string, *K3sContent, error) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	content, err := k.lay(ctx, root, t.TempDir())
	return dir, content, err
}

func TestK3sIsVerifiedAndBakedIn(t *testing.T) {
	bundle := input(t, "k3s-airgap-images-amd64.tar.zst", "images")
	k := &K3s{Binary: input(t, "k3s", program), Images: []Input{bundle}}
	if err := k.check(); err != nil {
		t.Fatal(err)
	}
	dir, content, err := layInto(t.Context(), t, k)
	if err != nil {
		t.Fatal(err)
	}
	want := &K3sContent{SHA256: sumOf(program), Images: []File{{Name: "k3s-airgap-images-amd64.tar.zst", SHA256: sumOf("images"), Size: 6}}}
	if diff := cmp.Diff(want, content); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(dir, k3sFile))
	if err != nil || info.Mode() != 0o755 || info.Size() != int64(len(program)) {
		t.Errorf("k3s is %v, %v", info, err)
	}
}

func TestK3sThatIsNotWhatItShouldBeDoesNotStay(t *testing.T) {
	good := input(t, "k3s", program)
	other := good
	other.SHA256 = sumOf("something else")
	for name, c := range map[string]struct {
		binary Input
		kind   fault.Kind
	}{
		"another hash":                  {other, fault.CheckFailed},
		"a page instead of the program": {input(t, "k3s", "<html>not found"), fault.Usage},
		"an empty file":                 {input(t, "k3s", ""), fault.Usage},
		"no file":                       {Input{Path: "/nonexistent/k3s", SHA256: sumOf(program)}, fault.Usage},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _, err := layInto(t.Context(), t, &K3s{Binary: c.binary})
			if fault.KindOf(err) != c.kind {
				t.Errorf("got %v, want kind %v", err, c.kind)
			}
			if err := (&K3s{Binary: c.binary}).verify(t.Context()); fault.KindOf(err) != c.kind {
				t.Errorf("before anything is built: got %v, want kind %v", err, c.kind)
			}
			if _, err := os.Stat(filepath.Join(dir, k3sFile)); err == nil {
				t.Error("it stays in the image")
			}
		})
	}
}

func TestACopyCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, _, err := layInto(ctx, t, &K3s{Binary: input(t, "k3s", program)}); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestInputsAreCheckedBeforeAnythingIsBuilt(t *testing.T) {
	sum := sumOf("x")
	bundle := func(name string) Input { return Input{Path: "/x/" + name, SHA256: sum} }
	for name, k := range map[string]*K3s{
		"no hash":                    {Binary: Input{Path: "/x/k3s"}},
		"a short hash":               {Binary: Input{Path: "/x/k3s", SHA256: "abc"}},
		"neither file nor URL":       {Binary: Input{SHA256: sum}},
		"a URL that is not https":    {Binary: Input{URL: "http://example.org/k3s", SHA256: sum}},
		"a URL with a password":      {Binary: Input{URL: "https://a:b@example.org/k3s", SHA256: sum}},
		"a URL without a file":       {Binary: Input{URL: "https://example.org/", SHA256: sum}},
		"a bundle of a strange name": {Binary: bundle("k3s"), Images: []Input{bundle("-x.tar")}},
		"a bundle that is no tar":    {Binary: bundle("k3s"), Images: []Input{bundle("images.zip")}},
		"the same bundle twice":      {Binary: bundle("k3s"), Images: []Input{bundle("a.tar"), bundle("a.tar")}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := k.check(); fault.KindOf(err) != fault.Usage {
				t.Errorf("got %v", err)
			}
		})
	}
	var none *K3s
	if err := none.check(); err != nil {
		t.Error(err)
	}
}

func TestADownloadIsKeptOnlyWhenItSucceeds(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/k3s":
			_, _ = w.Write([]byte(program))
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("half"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	file, err := fetch(t.Context(), server.URL+"/k3s", dir)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != program {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/cut", "/none"} {
		if _, err := fetch(t.Context(), server.URL+path, dir); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s was left behind", left[0].Name())
	}
}
