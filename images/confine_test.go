package images

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"holm/guest"
	"holm/internal/fault"
)

// call is what a compiler was asked for.
type call struct{ Features, Source, Out string }

func TestEveryProfileOfThePayloadIsCompiledForTheImagesKernel(t *testing.T) {
	p := payload{files: fstest.MapFS{
		"etc/apparmor.d/slirp4netns":           {Data: []byte("profile slirp4netns {}")},
		"etc/apparmor.d/holm-canary":           {Data: []byte("profile holm-canary {}")},
		"usr/lib/holm/apparmor/features-6.12":  {Data: []byte("file {mask {read}}")},
		"usr/lib/holm/apparmor/features-6.120": {Data: []byte("of another kernel")},
	}}
	var got []call
	compile := func(_ context.Context, dir, features, source, out string) error {
		if dir != "/scratch/root" {
			t.Errorf("it was sent to %s", dir)
		}
		got = append(got, call{features, source, out})
		return nil
	}
	if err := confine(t.Context(), compile, "/scratch/root", p, "6.12.117+deb13-cloud-amd64"); err != nil {
		t.Fatal(err)
	}
	const dir = "usr/lib/holm/apparmor/"
	want := []call{
		{dir + "features-6.12", "etc/apparmor.d/holm-canary", dir + "holm-canary.bin"},
		{dir + "features-6.12", "etc/apparmor.d/slirp4netns", dir + "slirp4netns.bin"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("compiled (-want +got):\n%s", diff)
	}
}

func TestProfilesAreNotCompiledForAKernelThatNobodyHasAsked(t *testing.T) {
	for _, kernel := range []string{"6.13.1-cloud-amd64", "6.1.12-cloud-amd64", "6.120.1", "7.12.1", ""} {
		t.Run(kernel, func(t *testing.T) {
			p := payload{files: fstest.MapFS{
				"etc/apparmor.d/holm-canary":          {Data: []byte("profile holm-canary {}")},
				"usr/lib/holm/apparmor/features-6.12": {Data: []byte("file {mask {read}}")},
			}}
			compile := func(context.Context, string, string, string, string) error {
				t.Error("it was compiled")
				return nil
			}
			err := confine(t.Context(), compile, "/none", p, kernel)
			wantFault(t, err, fault.Failure, kernel)
		})
	}
}

func TestAProfileThatDoesNotCompileStopsTheBuild(t *testing.T) {
	p := payload{files: fstest.MapFS{
		"etc/apparmor.d/holm-canary":          {Data: []byte("profile holm-canary {")},
		"usr/lib/holm/apparmor/features-6.12": {Data: []byte("file {mask {read}}")},
	}}
	broken := errors.New("syntax error, unexpected end")
	compile := func(context.Context, string, string, string, string) error { return broken }
	if err := confine(t.Context(), compile, "/none", p, "6.12.1-cloud-amd64"); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}

func TestAPayloadWithoutProfilesNeedsNoCompiler(t *testing.T) {
	if err := confine(t.Context(), nil, t.TempDir(), examplePayload(), "6.12.1-cloud-amd64"); err != nil {
		t.Error(err)
	}
}

// The committed features belong to the kernel that the committed lock installs.
func TestTheLockedKernelIsOneWhoseAppArmorIsKnown(t *testing.T) {
	l, err := DefaultLock()
	if err != nil {
		t.Fatal(err)
	}
	series := kernelSeries(l.Packages["linux-image-cloud-amd64"].Version)
	if _, err := guest.Files().Open(filepath.Join(profileDir, "features-"+series)); err != nil {
		t.Errorf("the lock installs a kernel %s: %v", series, err)
	}
}
