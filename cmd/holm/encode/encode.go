// Package encode writes what the engine returns in the forms of api/v1. It is the one place that knows both: a field that is renamed in a
// room is renamed here, and what programs read stays.
package encode

import "time"

// list encodes each of several: a list, if an empty one.
func list[From, To any](all []From, one func(From) To) []To {
	encoded := make([]To, len(all))
	for i, each := range all {
		encoded[i] = one(each)
	}
	return encoded
}

// some is list for what is left out when it is empty.
func some[From, To any](all []From, one func(From) To) []To {
	if len(all) == 0 {
		return nil
	}
	return list(all, one)
}

// texts is a list of words, if an empty one.
func texts(all []string) []string { return append([]string{}, all...) }

func utc(t time.Time) time.Time { return t.UTC() }
