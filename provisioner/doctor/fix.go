package doctor

import (
	"context"
	"strings"

	"holm/internal/fault"
)

// Fixable returns the ids that Fix can mend, in the order of the report.
func Fixable() []string {
	var ids []string
	for _, c := range checks() {
		if c.fix != nil {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// Fix mends what one check complains about and returns that check as it comes out afterwards. A check that is ok is
// left alone. It refuses (fault.Usage) an id that has no mend which is safe to make unasked.
func Fix(ctx context.Context, o Options, id string) (Result, error) {
	e := newEnv(ctx, o)
	for _, c := range checks() {
		if c.id != id || c.fix == nil {
			continue
		}
		if res := e.within(ctx, c); res.Status == OK {
			return res, nil
		}
		if err := c.fix(e); err != nil {
			return Result{}, fault.New(fault.Failure, "sudo holm doctor --fix "+id, "%w", err)
		}
		return newEnv(ctx, o).within(ctx, c), nil
	}
	return Result{}, fault.New(fault.Usage, "holm doctor   # shows the command that mends each check",
		"doctor cannot mend %q by itself: it can mend %s", id, strings.Join(Fixable(), " and "))
}
