package nft

import (
	"reflect"
	"strings"
	"testing"
)

const listed = `{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "holm.holm0", "handle": 1}},
{"counter": {"family": "inet", "name": "spoofed", "table": "holm.holm0", "handle": 2, "packets": 7, "bytes": 900}},
{"chain": {"family": "inet", "table": "holm.holm0", "name": "first", "handle": 3, "type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}},
{"rule": {"family": "inet", "table": "holm.holm0", "chain": "first", "handle": 4, "expr": [{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "holm0"}}, {"accept": null}]}}]}`

// What was counted is no part of what is compared.
func TestAListingIsReadWithoutWhatItCounts(t *testing.T) {
	one, err := ParseListing([]byte(listed))
	if err != nil {
		t.Fatal(err)
	}
	later, err := ParseListing([]byte(strings.NewReplacer(`"packets": 7`, `"packets": 8`, `"handle": 4`, `"handle": 9`).Replace(listed)))
	if err != nil || !reflect.DeepEqual(one, later) {
		t.Errorf("%v\n%v, %v", one, later, err)
	}
	if got := len(one[Table{Family: "inet", Name: "holm.holm0"}]); got != 4 {
		t.Errorf("%d lines", got)
	}
}

// Tables of others are listed too, and have whatever an nft that is newer writes.
func FuzzListing(f *testing.F) {
	f.Add([]byte(listed))
	f.Add([]byte(`{"nftables":[{"rule":null},{"set":{"elem":[1,{"prefix":{}}]}},{"chain":[]}]}`))
	f.Add([]byte(`{"nftables":[{"a":{"name":"{"},"b":{"name":"{"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		one, err := ParseListing(text)
		if err != nil {
			return
		}
		if again, err := ParseListing(text); err != nil || !reflect.DeepEqual(one, again) {
			t.Errorf("it is read in two ways:\n%v\n%v, %v", one, again, err)
		}
	})
}
