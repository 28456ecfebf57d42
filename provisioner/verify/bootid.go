package verify

import "context"

// bootID: two guests with one boot id are one memory image that was started twice, with one random generator.
func bootID() rule {
	return rule{
		id: "boot-id", side: Guest, source: "holm", promise: "the guest's boot id is its own",
		try: func(ctx context.Context, t *trial) found {
			const tried = "compare the guest's boot id with those of all instances"
			said, ok := t.Guest.first(ctx)
			if !ok || said.Report.BootID == "" {
				return inconclusive(tried, "the guest does not say its boot id")
			}
			if other, taken := t.Boots[said.Report.BootID]; taken {
				return failed(tried, "%s is also that of instance %s", said.Report.BootID, other)
			}
			return passed(tried, "%s, compared with %d", said.Report.BootID, len(t.Boots))
		},
	}
}
