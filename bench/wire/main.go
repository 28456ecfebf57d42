//go:build bench

// Command wire measures the network between two of its own kind, in a guest, in a container, on the host and outside alike.
// "wire serve ADDRESS" answers the others: "wire get|put ADDRESS MIB" print bytes per second, "wire trip ADDRESS COUNT" the
// median round trip in seconds, "wire who ADDRESS" the address that the server sees. "wire names SERVER COUNT" and "wire
// others SERVER COUNT" ask a name server, again and again for one name and for another each time, and print answers per second.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// patience bounds one measurement.
const patience = 5 * time.Minute

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "wire:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "serve" {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", args[1])
		if err != nil {
			return err
		}
		return serve(l)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if len(args) == 2 && args[0] == "who" {
		who, err := whoAmI(ctx, args[1])
		if err == nil {
			fmt.Println(who)
		}
		return err
	}
	if len(args) != 3 {
		return fmt.Errorf("use: wire serve|who ADDRESS, wire get|put ADDRESS MIB, wire trip ADDRESS COUNT, wire names|others SERVER COUNT")
	}
	count, err := strconv.Atoi(args[2])
	if err != nil || count < 1 || count > 1<<20 {
		return fmt.Errorf("%q is no count", args[2])
	}
	value, err := measure(ctx, args[0], args[1], count)
	if err == nil {
		fmt.Println(value)
	}
	return err
}

func measure(ctx context.Context, what, address string, count int) (float64, error) {
	switch what {
	case "get":
		return get(ctx, address, int64(count)<<20)
	case "put":
		return put(ctx, address, int64(count)<<20)
	case "trip":
		return trip(ctx, address, count)
	case "names":
		return names(ctx, address, count, false)
	case "others":
		return names(ctx, address, count, true)
	}
	return 0, fmt.Errorf("there is no measurement %q", what)
}
