package lock

import "testing"

func TestTheHolderIsWhoTheKernelNames(t *testing.T) {
	const all = "1: POSIX  ADVISORY  WRITE 11 08:01:1234 0 EOF\n" +
		"2: FLOCK  ADVISORY  WRITE 12 08:01:999 0 EOF\n" +
		"3: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF\n" +
		"3: -> FLOCK  ADVISORY  WRITE 13 08:01:1234 0 EOF\n" +
		"4: FLOCK\n" +
		"5: FLOCK  ADVISORY  READ x 00:30:7 0 EOF\n"
	for file, want := range map[string]int{"08:01:1234": 4711, "08:01:999": 12, "00:30:7": 0, "08:01:1": 0, "": 0} {
		if got := lockedBy(all, file); got != want {
			t.Errorf("%s is locked by %d, want %d", file, got, want)
		}
	}
}
