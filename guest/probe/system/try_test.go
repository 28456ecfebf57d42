package system

import (
	"errors"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

func TestAttemptsAreJudgedByHowTheyWereRefused(t *testing.T) {
	refused, allowed := systemTry{"write", unix.EROFS}, systemTry{What: "write"}
	full, other := systemTry{"write", unix.ENOSPC}, systemTry{"remount", unix.EPERM}
	for name, c := range map[string]struct {
		tries []systemTry
		want  report.Outcome
		found string
	}{
		"one refused":                      {[]systemTry{refused}, report.Passed, "write: EROFS"},
		"all refused, in ways expected":    {[]systemTry{refused, other}, report.Passed, "write: EROFS, remount: EPERM"},
		"one allowed":                      {[]systemTry{refused, allowed}, report.Failed, "write: allowed"},
		"refused for another reason":       {[]systemTry{refused, full}, report.Inconclusive, "write: ENOSPC, which is not the refusal that was expected"},
		"allowed counts more than odd":     {[]systemTry{full, allowed}, report.Failed, "write: allowed"},
		"an error that is not the kernels": {[]systemTry{systemTried("write", errors.New("oh"))}, report.Inconclusive, "write: error 4095, which is not the refusal that was expected"},
		"nothing tried":                    {nil, report.Inconclusive, "nothing could be tried"},
	} {
		t.Run(name, func(t *testing.T) {
			got := systemRefused("try", c.tries, unix.EROFS, unix.EPERM)
			if got.Outcome != c.want || got.Found != c.found || got.Tried != "try" {
				t.Errorf("it is %+v, want %s: %s", got, c.want, c.found)
			}
		})
	}
}

func TestAnAnswerWithoutItsControlProvesNothing(t *testing.T) {
	tries := []systemTry{{"trace", unix.EPERM}}
	for name, c := range map[string]struct {
		controls []systemTry
		want     report.Outcome
	}{
		"the control succeeded": {[]systemTry{{What: "read"}}, report.Passed},
		"the control failed":    {[]systemTry{{What: "read"}, {"look", unix.EACCES}}, report.Inconclusive},
		"no control":            {nil, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (systemAnswer{c.controls, tries}).judge("try", unix.EPERM); got.Outcome != c.want {
				t.Errorf("it is %+v, want %s", got, c.want)
			}
		})
	}
}

func TestOnlyTheKernelsErrorsAreRefusals(t *testing.T) {
	wrapped := &fs.PathError{Op: "open", Path: "/x", Err: unix.EACCES}
	if got := systemTried("open", wrapped); got.Errno != unix.EACCES || got.String() != "open: EACCES" {
		t.Errorf("it is %v", got)
	}
	if got := systemTried("open", notRefused(wrapped)); got.Errno != notAnErrno {
		t.Errorf("what only prepares an attempt is %v", got)
	}
}
