package records

import (
	"encoding/json"
	"fmt"
	"testing"

	"holm/provisioner/model"
)

// BenchmarkSummaries is what it costs to decode as many as a list shows, as they are kept and as plain JSON.
func BenchmarkSummaries(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		kept, plain := make([][]byte, n), make([][]byte, n)
		for i := range n {
			s := fullSummary()
			s.Name = fmt.Sprintf("web%05d", i)
			kept[i] = encodeSummary(s)
			var err error
			if plain[i], err = json.Marshal(s); err != nil {
				b.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			values [][]byte
			decode func([]byte) (model.Summary, error)
		}{"as kept": {kept, decodeSummary}, "as JSON": {plain, decode[model.Summary]}} {
			b.Run(fmt.Sprintf("%d %s", n, name), func(b *testing.B) {
				for b.Loop() {
					for _, value := range c.values {
						if _, err := c.decode(value); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
