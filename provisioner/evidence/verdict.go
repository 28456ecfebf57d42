package evidence

import "time"

// Verdict is all that was tried of the instance for this statement.
type Verdict struct {
	// Results are one for each check.
	Results []Result `json:"results"`
}

// Result is one check as it came out.
type Result struct {
	// ID names the check.
	ID string `json:"id"`
	// Side is whose word it is: "host", "network" or "guest".
	Side string `json:"side"`
	// Source is where the rule comes from.
	Source string `json:"source"`
	// Promise is what is promised, in a sentence.
	Promise string `json:"promise"`
	// Outcome is "pass", "fail", "inconclusive" or "n/a".
	Outcome string `json:"outcome"`
	// Tried is what was attempted, in a line.
	Tried string `json:"tried"`
	// Found is what came back, in a line.
	Found string `json:"found"`
	// Millis is how long it took, in milliseconds.
	Millis int64 `json:"millis"`
}

// Checkpoint is how far an audit log had come.
type Checkpoint struct {
	// Host is the machine whose log it is.
	Host string `json:"host"`
	// Time is when it was made.
	Time time.Time `json:"time"`
	// Seq is the number of the last entry; 0 for none.
	Seq uint64 `json:"seq"`
	// Head is the last entry's hash.
	Head string `json:"head"`
}
