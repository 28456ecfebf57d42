package volumes

import (
	"context"
	"encoding/json"
	"testing"
)

// Names and tags are whatever somebody else has given to volumes of the same group.
func FuzzWhatLVSSays(f *testing.F) {
	whole, err := json.Marshal(map[string]any{"report": []any{map[string]any{"lv": []logical{pool(), volume(one)}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"report":[{"lv":[{"lv_name":"thin","lv_attr":"t","lv_size":"1","data_percent":"NaN","metadata_percent":"1e999"}]}]}`))
	f.Add([]byte(`{"report":[{"lv":[{"lv_name":"thin","lv_attr":"","lv_size":"9223372036854775807","data_percent":"-5"}]}]}`))
	f.Add([]byte(`{"report":[{"lv":[{"lv_name":"thin","lv_attr":"t","lv_size":"9223372036854775807","data_percent":"100"}]}]}`))
	f.Add([]byte(`{"report":null}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		group := thin{group: "fast", pool: "thin", run: func(context.Context, string, ...string) ([]byte, error) { return answer, nil }}
		found, all, err := group.look(t.Context())
		if err != nil {
			return
		}
		if found.Name != "thin" {
			t.Errorf("%q is taken for the pool", found.Name)
		}
		for name, l := range all {
			if l.ours("thin") && l.Pool != "thin" {
				t.Errorf("%q is taken for one of holm's", name)
			}
			_ = l.isPool() && l.active() && l.open() && l.zeroes() && l.full()
			u, err := l.usage()
			if err == nil && (u.AllocatedBytes < 0 || u.AllocatedBytes > u.VirtualBytes) {
				t.Errorf("%q has %d bytes, of which %d are taken: %+v", name, u.VirtualBytes, u.AllocatedBytes, l)
			}
		}
	})
}
