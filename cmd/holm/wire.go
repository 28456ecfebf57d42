package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"holm/images"
	"holm/internal/trusted"
	"holm/storage/records"
)

// This file is the only one that knows which room stands behind each interface that the verbs use.

// engine is the provisioner as the verbs need it, a noun at a time. Names belong to a tenant; tenant "" in List means all.
type engine struct {
	Instances instanceVerbs
	Tenants   tenantVerbs
	Pools     poolVerbs
	Networks  networkVerbs
	Hosts     sizeVerbs
	Proof     proofVerbs
	History   historyVerbs
}

func newImages(s settings) (imageStore, error) {
	dir := filepath.Join(s.state, "images")
	if err := trusted.Dir(dir); err != nil {
		return nil, err
	}
	return images.Open(dir), nil
}

func renewLock(ctx context.Context, old images.Lock, epoch time.Time) (images.Lock, error) {
	return images.Renew(ctx, old, hostMirror(), epoch)
}

// hostMirror is where this host's own apt gets its packages.
func hostMirror() images.Mirror { return images.HostMirror(os.DirFS("/etc/apt")) }

func newHost(s settings) (hostStore, error) {
	return records.Open(database(s)), nil
}

func newAudit(s settings) (auditStore, error) { return records.Open(database(s)), nil }

func database(s settings) string { return filepath.Join(s.state, "holm.db") }
