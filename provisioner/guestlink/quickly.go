package guestlink

import (
	"context"
	"time"

	"holm/guest/report"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

const (
	// answersWithin is how long a guest that runs may take to say how it is before it counts as one that does not.
	answersWithin = 2 * time.Second
	// Lookers is how many instances are looked at at the same time.
	Lookers = 32
	// DoubtWithin bounds how long a list looks at guests.
	DoubtWithin = 3 * time.Second
)

// Quickly asks a guest how it is now, and waits for one answer only.
func (l *Link) Quickly(ctx context.Context, h hypervisor.Driver, inst model.Instance) (said report.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	err = l.Ask(ctx, h, inst, l.Operations.Watch(nil), Question{
		Ask: report.AskStatus, While: "running", Step: "booting", hurry: true,
		Answered: func(r report.Report) (bool, error) {
			said = r
			return true, nil
		},
	})
	return said, err
}
