package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"holm/provisioner/model"
)

// PoolInfo is how a pool is, as a look at it found.
type PoolInfo struct {
	Name     string
	Status   model.PoolStatus
	Why      string // "" when healthy
	On       string // "raid10 on 4 nvme"
	Warnings []string
}

func checkPools(ctx context.Context, e *env) Result {
	if e.Pools == nil {
		return ok("not looked at")
	}
	all, err := e.Pools(ctx)
	if err != nil {
		return warn("holm pool check", "not known: %v", err)
	}
	if len(all) == 0 {
		return ok("none: disks of instances lie in the state directory, of which nothing is demanded")
	}
	var found []string
	worst := model.PoolHealthy
	for _, p := range all {
		text := fmt.Sprintf("%s %s (%s)", p.Name, p.Status, p.On)
		if p.Why != "" {
			text = fmt.Sprintf("%s %s: %s", p.Name, p.Status, p.Why)
		}
		found = append(found, text)
		found = append(found, p.Warnings...)
		order := []model.PoolStatus{model.PoolHealthy, model.PoolDegraded, model.PoolBroken}
		status := p.Status
		if status == model.PoolHealthy && len(p.Warnings) > 0 {
			status = model.PoolDegraded
		}
		if slices.Index(order, status) > slices.Index(order, worst) {
			worst = status
		}
	}
	switch text := strings.Join(found, "; "); worst {
	case model.PoolBroken:
		return fail("holm pool check      # and holm pool show NAME draws what is under it", "%s", text)
	case model.PoolDegraded:
		return warn("holm pool check      # and holm pool show NAME draws what is under it", "%s", text)
	default:
		return ok("%s", text)
	}
}
