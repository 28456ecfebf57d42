package pools

import (
	"context"
	"testing"
)

// A drive's firmware says of itself whatever it likes.
func FuzzHealth(f *testing.F) {
	f.Add([]byte(`{"critical_warning":0,"temperature":310,"avail_spare":100,"spare_thresh":10,"percent_used":3,"media_errors":0}`))
	f.Add([]byte(`{"critical_warning":-1,"temperature":-5,"percent_used":255,"media_errors":-1e300}`))
	f.Add([]byte(`{"media_errors":340282366920938463463374607431768211455}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		l := Looker{Root: t.TempDir(), Run: func(context.Context, string, ...string) ([]byte, error) { return answer, nil }}
		h := l.health(t.Context(), "nvme0n1")
		_ = h.warning()
		if h != nil && (h.MediaErrors < 0 || h.Celsius < 0) {
			t.Errorf("%q: %+v", answer, h)
		}
	})
}
