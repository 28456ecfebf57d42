// Command holm-init is PID 1 of the initrd: it verifies and mounts the root, mounts the state volume and becomes systemd.
package main

import (
	"context"

	"holm/guest/boot"
)

func main() { boot.Main(context.Background()) }
