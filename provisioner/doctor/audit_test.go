package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestALongAuditLogIsToBeArchived(t *testing.T) {
	for name, tt := range map[string]struct {
		entries uint64
		err     error
		want    Status
		says    string
	}{
		"an empty one":          {0, nil, OK, "0 entries"},
		"as long as it may be":  {manyEntries, nil, OK, "100000 entries"},
		"longer":                {manyEntries + 1, nil, Warn, "100001 entries are in the audit log, more than 100000"},
		"records that are busy": {0, errors.New("busy"), Warn, "not known: busy"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{Options: Options{Audit: func(context.Context) (uint64, error) { return tt.entries, tt.err }}}
			got := checkAudit(t.Context(), e)
			if got.Status != tt.want || !strings.Contains(got.Found, tt.says) || (got.Status == Warn) != strings.HasPrefix(got.Remedy, "holm audit ") {
				t.Errorf("%s: %s → %s, want %s with %q", got.Status, got.Found, got.Remedy, tt.want, tt.says)
			}
		})
	}
}
