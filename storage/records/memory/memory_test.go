package memory_test

import (
	"testing"

	"holm/storage/records/memory"
	"holm/storage/records/recordstest"
)

func TestMemoryConforms(t *testing.T) {
	recordstest.Conformance(t, func(*testing.T) recordstest.Store { return &memory.Store{} })
}
