package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

func TestNew_FormatsParametersAsTheirValues(t *testing.T) {
	f := fault.New(fault.PoolFull, fault.Try("make room", "pool show", "fast").OrSay("buy drives"),
		"pool %q: %d free, %d wanted", fault.Pool("fast"), fault.Free(3), fault.Asked(5)).With(fault.Unit("GiB"))
	if want := `pool "fast": 3 free, 5 wanted`; f.Error() != want {
		t.Errorf("it says %q, want %q", f, want)
	}
	want := []fault.Param{fault.Pool("fast"), fault.Free(3), fault.Asked(5), fault.Unit("GiB")}
	if diff := cmp.Diff(want, f.Params); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if want := "make room: holm pool show fast      or buy drives"; fault.RemedyOf(f) != want {
		t.Errorf("remedy is %q, want %q", fault.RemedyOf(f), want)
	}
}

func TestOf_SortsWhatNobodyHasMadeAFaultOf(t *testing.T) {
	sentinel := fault.Sentinel(fault.DatabaseBusy, fault.Again("wait"), "busy")
	for name, c := range map[string]struct {
		err  error
		code fault.Code
		kind fault.Kind
	}{
		"a fault":                 {fmt.Errorf("a: %w", fault.New(fault.PoolAbsent, "", "gone")), fault.PoolAbsent, fault.Unfit},
		"the outermost of faults": {fault.New(fault.Leftover, "", "a: %w", fault.New(fault.Busy, "", "b")), "leftover", fault.Leftover},
		"a sentinel":              {fmt.Errorf("a: %w", sentinel), fault.DatabaseBusy, fault.Busy},
		"a full disk":             {&fs.PathError{Op: "write", Err: syscall.ENOSPC}, fault.DiskFull, fault.Failure},
		"a full quota":            {syscall.EDQUOT, fault.DiskFull, fault.Failure},
		"no permission":           {fs.ErrPermission, fault.PermissionDenied, fault.Failure},
		"no time":                 {context.DeadlineExceeded, fault.TimedOut, fault.Failure},
		"anything else":           {errors.New("x"), "failure", fault.Failure},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.CodeOf(c.err); got != c.code || fault.KindOf(c.err) != c.kind {
				t.Errorf("code %q of kind %d, want %q of %d", got, fault.KindOf(c.err), c.code, c.kind)
			}
		})
	}
	if fault.CodeOf(nil) != "" || fault.KindOf(nil) != 0 || fault.RemedyOf(nil) != "" {
		t.Error("no error has a code")
	}
}

func TestWrap_KeepsWhatIsKnown(t *testing.T) {
	cause := fault.New(fault.PoolAbsent, "mount it", "pool %q is not there", fault.Pool("fast"))
	f := fault.Wrap(cause, "start %s", "web")
	if f.Error() != `start web: pool "fast" is not there` || f.Code != fault.PoolAbsent || fault.RemedyOf(f) != "mount it" || len(f.Params) != 1 {
		t.Errorf("it became %+v", f)
	}
	if !errors.Is(f, cause) {
		t.Error("the cause is lost")
	}
	if got := f.OrRemedy(fault.Say("other")); fault.RemedyOf(got) != "mount it" {
		t.Errorf("its remedy became %q", fault.RemedyOf(got))
	}
}

func TestRemedies_QuoteWhatAShellWouldRead(t *testing.T) {
	got := fault.Try("look", "pool show --all", "a b;c", "it's").String()
	if want := `look: holm pool show --all 'a b;c' 'it'\''s'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
