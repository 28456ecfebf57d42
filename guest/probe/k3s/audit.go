package k3s

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

// How much of the audit log is looked at: what was written since the check began. Its lines may be long.
const (
	auditMost = 64 << 20 // bytes
	auditLine = 4 << 20
)

func audit() k3sRule {
	return k3sRule{
		id:      "k3s-audit",
		source:  "CIS Kubernetes 1.2.16, 3.2.1, 3.2.2; k3s hardening guide",
		promise: "The audit log names who did what, and does not repeat secrets.",
		tried:   "dry-run a secret as another user, and read the audit log",
		try:     tryK3sAudit,
	}
}

func tryK3sAudit(ctx context.Context, run *k3sRun, tried string) probe.Result {
	user, marker := run.name+"-audit", rand.Text()
	before, err := size(run.paths.auditLog)
	if err != nil {
		return probe.Failed(tried, "there is no audit log: %s", short(err))
	}
	secret := k3sapi.NewSecret("audited", map[string]string{"a": marker})
	err = run.api.As(user, "system:masters").DryRun().Create(ctx, k3sapi.In(run.name, "secrets"), secret, nil)
	if err != nil {
		return probe.Inconclusive(tried, "the secret is refused: %s", short(err))
	}
	var seen audited
	err = until(ctx, 3*time.Second, func() (err error) {
		seen, err = readAudit(run.paths.auditLog, before, user, marker)
		if err == nil && seen.verb == "" {
			err = fmt.Errorf("the request of %s is not in the log", user)
		}
		return err
	})
	switch {
	case seen.leaked:
		return probe.Failed(tried, "the secret's content is in the audit log")
	case err != nil:
		return probe.Failed(tried, "%s", short(err))
	case seen.verb != "create" || seen.resource != "secrets":
		return probe.Failed(tried, "the log has %q of %q instead of the creation of a secret", seen.verb, seen.resource)
	}
	return probe.Passed(tried, "%s as %s: %s of %s; the content is not there", seen.by, user, seen.verb, seen.resource)
}

// audited is what the log says of one user's request.
type audited struct {
	by, verb, resource string
	leaked             bool
}

// auditEvent is audit.k8s.io/v1 Event, as far as it matters.
type auditEvent struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	ImpersonatedUser struct {
		Username string `json:"username"`
	} `json:"impersonatedUser"`
	ObjectRef struct {
		Resource string `json:"resource"`
	} `json:"objectRef"`
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// readAudit reads the log from an offset on, or from its beginning when it was begun anew meanwhile.
func readAudit(path string, from int64, user, marker string) (audited, error) {
	var seen audited
	f, err := os.Open(path)
	if err != nil {
		return seen, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return seen, err
	}
	if info.Size() < from {
		from = 0
	}
	lines := bufio.NewScanner(io.NewSectionReader(f, from, auditMost))
	lines.Buffer(nil, auditLine)
	for lines.Scan() {
		line := lines.Bytes()
		seen.leaked = seen.leaked || bytes.Contains(line, []byte(marker)) || bytes.Contains(line, []byte(k3sBase64(marker)))
		var e auditEvent
		// A line that is half written yet is read whole the next time.
		if json.Unmarshal(line, &e) == nil && e.ImpersonatedUser.Username == user {
			seen.by, seen.verb, seen.resource = e.User.Username, e.Verb, e.ObjectRef.Resource
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return seen, err
	}
	return seen, nil
}
