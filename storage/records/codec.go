package records

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holm/provisioner/model"
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

// decode ignores fields that it does not know: within a schema version they may only be added. See encodeOver.
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

// summaryFormat is the first byte of a stored summary. Then follow, in the order of summaryStrings, each string's
// length and bytes, and after them, as varints, the numbers in the order of encodeSummary. A summary of format 1, which
// earlier versions wrote, ends before the boot id and before unverified.
//
// It is no JSON because a list of 10,000 would take several times as long: BenchmarkSummaries decodes them in 21 to 24 ms, and as JSON in
// 245 (1,000 in 1.5 to 2.6 ms, and in 35 to 43), measured side by side on a loaded machine with two processors.
const (
	firstSummaryFormat = 1
	summaryFormat      = 2
)

var errSummary = errors.New("it is not a summary")

func summaryStrings(s *model.Summary, address *string, format byte) []*string {
	all := []*string{
		&s.ID, &s.Name, &s.Tenant, (*string)(&s.State), address,
		&s.Flavor, &s.Profile, &s.Image, &s.ImageName, &s.Accel, &s.UUID,
		&s.BootID,
	}
	if format == firstSummaryFormat {
		all = all[:len(all)-1]
	}
	return all
}

func encodeSummary(s model.Summary) []byte {
	value, address := []byte{summaryFormat}, model.Text(s.Address)
	for _, field := range summaryStrings(&s, &address, summaryFormat) {
		value = binary.AppendUvarint(value, uint64(len(*field)))
		value = append(value, *field...)
	}
	for _, number := range []int64{
		bit(s.Unlocked), s.Created.Unix(), int64(s.Created.Nanosecond()), int64(s.ChecksPassed), int64(s.ChecksTotal), bit(s.Unverified),
	} {
		value = binary.AppendVarint(value, number)
	}
	return value
}

func bit(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// decodeSummary makes one allocation for all strings, as a list decodes thousands of summaries. The time is in UTC.
func decodeSummary(value []byte) (model.Summary, error) {
	if len(value) == 0 || value[0] < firstSummaryFormat || value[0] > summaryFormat || len(value) > maxRecord {
		return model.Summary{}, errSummary
	}
	var s model.Summary
	var address string
	format := value[0]
	rest, text := value[1:], string(value[1:])
	for _, field := range summaryStrings(&s, &address, format) {
		length, n := binary.Uvarint(rest)
		if n <= 0 || length > uint64(len(rest)-n) { //nolint:gosec // n is at most len(rest)
			return model.Summary{}, errSummary
		}
		end := n + int(length) //nolint:gosec // it is at most len(rest)
		*field = text[n:end]
		rest, text = rest[end:], text[end:]
	}
	var all [6]int64
	numbers := all[:]
	if format == firstSummaryFormat {
		numbers = all[:len(all)-1]
	}
	for i := range numbers {
		n := 0
		if numbers[i], n = binary.Varint(rest); n <= 0 {
			return model.Summary{}, errSummary
		}
		rest = rest[n:]
	}
	if len(rest) != 0 || s.Address.UnmarshalText([]byte(address)) != nil {
		return model.Summary{}, errSummary
	}
	s.Unlocked, s.Unverified = all[0] != 0, all[5] != 0
	s.Created = time.Unix(all[1], all[2]).UTC()
	s.ChecksPassed, s.ChecksTotal = int(all[3]), int(all[4])
	return s, nil
}
