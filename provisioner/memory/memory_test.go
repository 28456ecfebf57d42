package memory

import (
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// of are instances with so much memory each, in MiB.
func of(sizes ...int) (all []model.Instance) {
	for _, mib := range sizes {
		all = append(all, model.Instance{State: model.Stopped, Flavor: model.Flavor{MemoryMiB: mib}})
	}
	return all
}

func TestAHostPromisesWhatItHasAndKeepsSomeForItself(t *testing.T) {
	for name, tt := range map[string]struct {
		host   Host
		limit  int
		others []int
		asked  int
		says   string // "" when it may be promised
	}{
		"an empty host":                       {Host{Total: 24 << 10}, 23348, nil, 1024, ""},
		"a large host keeps a twentieth":      {Host{Total: 400 << 10}, 380 << 10, nil, 1024, ""},
		"a small host keeps a quarter":        {Host{Total: 2 << 10}, 1536, nil, 1024, ""},
		"exactly what is left":                {Host{Total: 4 << 10}, 3072, []int{1024}, 1792, ""},
		"a MiB more than is left":             {Host{Total: 4 << 10}, 3072, []int{1024}, 1793, "promised 1152 of the 3072 MiB"},
		"stopped ones count":                  {Host{Total: 4 << 10}, 3072, []int{1024, 1024}, 1024, "promised 2304"},
		"twice what there is":                 {Host{Total: 4 << 10, Overcommit: 2}, 6144, []int{1024, 1024, 1024, 1024}, 1024, ""},
		"a reserve that the operator has set": {Host{Total: 4 << 10, Reserved: 3 << 10}, 1024, nil, 1024, "of the 1024 MiB"},
		"a reserve of more than there is":     {Host{Total: 4 << 10, Reserved: 8 << 10}, 0, nil, 64, "promised 0 of the 0 MiB"},
		"no factor makes it less":             {Host{Total: 4 << 10, Overcommit: 0.5}, 3072, []int{1024}, 1792, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.host.Limit(); got != tt.limit {
				t.Errorf("it may promise %d MiB, want %d", got, tt.limit)
			}
			err := tt.host.Promise(of(tt.others...), of(tt.asked)[0])
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says != "" && (fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("it says %v, want a refusal with %q", err, tt.says)
			}
		})
	}
}
