package provisioner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// growsWithin is how long a guest may take to grow its file system.
const growsWithin = time.Minute

// growFileSystem has a running guest grow its file system to its disk. One that does not do so now does at its next boot.
func (p *Provisioner) growFileSystem(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *watcher) error {
	w.begin("file system")
	limited, cancel := context.WithTimeout(ctx, growsWithin)
	defer cancel()
	var grown *report.Grown
	err := p.put(limited, h, inst, w, question{
		ask: report.AskGrow, bytes: uint64(inst.Flavor.DiskGiB) << 30, // #nosec G115 -- positive
		while: "growing its file system", step: "file system", once: true,
		answered: func(r report.Report) (bool, error) {
			switch r.Stage {
			case report.StageFailed:
				return true, failure(r)
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
		w.finish("file system", fmt.Sprintf("%.1f GiB → %.1f GiB, as the guest says", gibibytes(grown.Before), gibibytes(grown.After)))
		return nil
	}
	w.tell("file system", Broken, clean(err.Error()))
	why := clean(err.Error())
	switch {
	case ended(ctx, err):
		return cutShort(context.Cause(ctx), "it grows at its next start: "+command("restart", inst),
			"the disk of instance %q has grown, its file system has not", inst.Name)
	case limited.Err() != nil:
		why = fmt.Sprintf("the guest did not answer within %s", growsWithin)
	}
	return fault.New(fault.Failure, "try again, or let it grow at the next start: "+command("restart", inst),
		"the disk of instance %q has grown, its file system has not: %s", inst.Name, why)
}

func gibibytes(n uint64) float64 { return float64(n) / (1 << 30) }
