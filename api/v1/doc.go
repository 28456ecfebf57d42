// Package v1 is what holm prints for programs: one type for each document of `-o json` and `-o yaml`, and for what stands in it. It
// imports nothing of holm, so that a field of the database, or of a room, can be renamed without a script noticing: cmd/holm/encode
// makes these types from the engine's.
//
// Within v1 documents only grow (docs/API.md). A field is never renamed, removed, given another type or another unit, and one that
// is always there stays so; what would break that is v2. The schemas in docs/api/v1 are made from these types and their comments.
//
// Forms that all documents share: a time is RFC 3339 in UTC; a size has its unit in its name ("_bytes", "_mib", "_gib"), as has
// a duration ("_ns", "_seconds", "millis"), but for ready_after, which is nanoseconds; a list is a list, if an empty one, and never
// null; what has "omitempty" or "omitzero" is left out when it is empty, zero or false. Words, such as a status, may get more values.
package v1

//go:generate go test . -run Schemas|Promised -update
