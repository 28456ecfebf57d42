package doctor

import "context"

// manyEntries is when the log of changes should be archived: reading it takes a second, and the database tens of MiB, from there.
const manyEntries = 100_000

// checkAudit looks how long the log of changes has become. It grows with each change, for ever, unless it is archived.
func checkAudit(ctx context.Context, e *env) Result {
	if e.Audit == nil {
		return ok("not looked at")
	}
	entries, err := e.Audit(ctx)
	switch {
	case err != nil:
		return warn("holm audit verify", "not known: %v", err)
	case entries > manyEntries:
		return warn("holm audit archive FILE   # and keep the file",
			"%d entries are in the audit log, more than %d make it slow to read", entries, manyEntries)
	}
	return ok("%d entries are in the audit log", entries)
}
