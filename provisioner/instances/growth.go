package instances

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// growsWithin is how long a guest may take to grow its file system.
const growsWithin = time.Minute

// growFileSystem has a running guest grow its file system to its disk. One that does not do so now does at its next boot.
func (c *Changer) growFileSystem(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *operations.Watcher) error {
	w.Begin("file system")
	limited, cancel := context.WithTimeout(ctx, growsWithin)
	defer cancel()
	var grown *report.Grown
	err := c.Link.Ask(limited, h, inst, w, guestlink.Question{
		Ask: report.AskGrow, Bytes: uint64(inst.Flavor.DiskGiB) << 30, // #nosec G115 -- positive
		While: "growing its file system", Step: "file system", Once: true,
		Answered: func(r report.Report) (bool, error) {
			switch r.Stage {
			case report.StageFailed:
				return true, guestlink.Failure(r)
			case report.StageChecked:
				grown = r.Grown
				return true, nil
			}
			return false, nil
		},
	})
	if err == nil && grown == nil {
		err = errors.New("the guest does not say how large it is")
	}
	if err == nil {
		w.Finish("file system", fmt.Sprintf("%.1f GiB → %.1f GiB, as the guest says", gibibytes(grown.Before), gibibytes(grown.After)))
		return nil
	}
	w.Tell("file system", operations.Broken, model.OneLine(err.Error()))
	why := model.OneLine(err.Error())
	switch {
	case operations.IsEndOf(ctx, err):
		return operations.CutShort(context.Cause(ctx), "it grows at its next start: "+model.Command("restart", inst),
			"the disk of instance %q has grown, its file system has not", inst.Name)
	case limited.Err() != nil:
		why = fmt.Sprintf("the guest did not answer within %s", growsWithin)
	}
	return fault.New(fault.Failure, "try again, or let it grow at the next start: "+model.Command("restart", inst),
		"the disk of instance %q has grown, its file system has not: %s", inst.Name, why)
}

func gibibytes(n uint64) float64 { return float64(n) / (1 << 30) }
