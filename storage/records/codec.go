package records

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// maxRecord is how large a record may be, in bytes. A legitimate one has a few KiB; the rest is a damaged file, or an
// attempt to make everybody who reads it suffer.
const maxRecord = 1 << 20

var errTooLarge = fmt.Errorf("it has more than %d KiB", maxRecord>>10)

func encode(record any) ([]byte, error) {
	value, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	if len(value) > maxRecord {
		return nil, fmt.Errorf("record: %w", errTooLarge)
	}
	return value, nil
}

// decode ignores fields that it does not know: within a schema version they may only be added.
func decode[T any](value []byte) (T, error) {
	var record, none T
	if len(value) > maxRecord {
		return none, errTooLarge
	}
	if err := json.Unmarshal(value, &record); err != nil {
		return none, err
	}
	return record, nil
}

// Summarize takes from an instance what a list shows of it.
func Summarize(inst Instance) Summary {
	return Summary{
		ID: inst.ID, Name: inst.Name, Tenant: inst.Tenant, State: inst.State, Address: inst.Address,
		Flavor: inst.Flavor.Name, Profile: inst.Profile, Image: inst.Image, ImageName: inst.ImageName,
		Unlocked: inst.Unlocked, Accel: inst.Accel, UUID: inst.UUID, Created: inst.Created,
		ChecksPassed: inst.ChecksPassed, ChecksTotal: inst.ChecksTotal,
	}
}

// summaryFormat is the first byte of a stored summary. Then follow, in the order of summaryStrings, each string's
// length and bytes, and after them unlocked, created (seconds, nanoseconds), checks passed and total, as varints.
const summaryFormat = 1

var errSummary = errors.New("it is not a summary")

func summaryStrings(s *Summary) []*string {
	return []*string{
		&s.ID, &s.Name, &s.Tenant, (*string)(&s.State), &s.Address,
		&s.Flavor, &s.Profile, &s.Image, &s.ImageName, &s.Accel, &s.UUID,
	}
}

func encodeSummary(s Summary) []byte {
	value := []byte{summaryFormat}
	for _, field := range summaryStrings(&s) {
		value = binary.AppendUvarint(value, uint64(len(*field)))
		value = append(value, *field...)
	}
	unlocked := int64(0)
	if s.Unlocked {
		unlocked = 1
	}
	for _, number := range []int64{
		unlocked, s.Created.Unix(), int64(s.Created.Nanosecond()), int64(s.ChecksPassed), int64(s.ChecksTotal),
	} {
		value = binary.AppendVarint(value, number)
	}
	return value
}

// decodeSummary makes one allocation for all strings, as a list decodes thousands of summaries. The time is in UTC.
func decodeSummary(value []byte) (Summary, error) {
	if len(value) == 0 || value[0] != summaryFormat || len(value) > maxRecord {
		return Summary{}, errSummary
	}
	var s Summary
	rest, text := value[1:], string(value[1:])
	for _, field := range summaryStrings(&s) {
		length, n := binary.Uvarint(rest)
		if n <= 0 || length > uint64(len(rest)-n) { //nolint:gosec // n is at most len(rest)
			return Summary{}, errSummary
		}
		end := n + int(length) //nolint:gosec // it is at most len(rest)
		*field = text[n:end]
		rest, text = rest[end:], text[end:]
	}
	var numbers [5]int64
	for i := range numbers {
		n := 0
		if numbers[i], n = binary.Varint(rest); n <= 0 {
			return Summary{}, errSummary
		}
		rest = rest[n:]
	}
	if len(rest) != 0 {
		return Summary{}, errSummary
	}
	s.Unlocked = numbers[0] != 0
	s.Created = time.Unix(numbers[1], numbers[2]).UTC()
	s.ChecksPassed, s.ChecksTotal = int(numbers[3]), int(numbers[4])
	return s, nil
}
