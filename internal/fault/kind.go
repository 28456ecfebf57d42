package fault

// Kind sorts faults by what the caller can do about them. Its number is the exit code.
type Kind int

// The kinds of fault, with the exit codes of the design.
const (
	Failure     Kind = 1   // anything else
	Usage       Kind = 2   // what was asked for is not valid
	Leftover    Kind = 3   // undone, but something was left behind
	NotFound    Kind = 4   // no such thing
	Exists      Kind = 5   // there is one already
	Unfit       Kind = 6   // the host cannot do it
	Busy        Kind = 7   // somebody else is at it
	CheckFailed Kind = 8   // a promise did not hold
	Refused     Kind = 9   // policy says no: quota, residency, lab mode
	Interrupted Kind = 130 // Ctrl-C or SIGTERM
)

// generic are the codes of faults of which no more than the kind is known.
var generic = map[Kind]Code{
	Failure: failure, Usage: usage, Leftover: leftover, NotFound: notFound, Exists: exists, Unfit: unfit, Busy: busy,
	CheckFailed: checkFailed, Refused: refused, Interrupted: interrupted,
}

// Code is the code of a fault of which no more than the kind is known; it is the kind's word as well.
func (k Kind) Code() Code {
	if code, ok := generic[k]; ok {
		return code
	}
	return failure
}

func codeFrom[C Kind | Code](c C) Code {
	switch c := any(c).(type) {
	case Code:
		return c
	case Kind:
		return c.Code()
	}
	return failure
}
