package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"holm/provisioner/memory"
)

func TestMemoryThatIsPromisedIsHeldAgainstWhatThereIs(t *testing.T) {
	host := memory.Host{Total: 8 << 10} // of which 1 GiB is kept
	twice := memory.Host{Total: 8 << 10, Overcommit: 2}
	for name, tt := range map[string]struct {
		info MemoryInfo
		err  error
		want Status
		says string
	}{
		"nothing":                   {MemoryInfo{host, 0, 0}, nil, OK, "0.0 of 7.0 GiB are promised to instances (0), 1.0 GiB are kept"},
		"all of it":                 {MemoryInfo{host, 7 << 10, 3}, nil, OK, "7.0 of 7.0 GiB"},
		"more than there is":        {MemoryInfo{host, 8 << 10, 3}, nil, Warn, "more than the 7.0 GiB that may be"},
		"twice what there is":       {MemoryInfo{twice, 13 << 10, 9}, nil, Warn, "the kernel kills one of them"},
		"more than it may be twice": {MemoryInfo{twice, 15 << 10, 9}, nil, Warn, "more than the 14.0 GiB"},
		"some, where twice may be":  {MemoryInfo{twice, 1 << 10, 1}, nil, OK, "up to 14.0 GiB may be"},
		"records that are busy":     {MemoryInfo{}, errors.New("busy"), Warn, "not known: busy"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{Options: Options{Memory: func(context.Context) (MemoryInfo, error) { return tt.info, tt.err }}}
			if got := checkMemory(t.Context(), e); got.Status != tt.want || !strings.Contains(got.Found, tt.says) {
				t.Errorf("%s: %s, want %s with %q", got.Status, got.Found, tt.want, tt.says)
			}
		})
	}
}
