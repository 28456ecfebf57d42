package keys

import "holm/internal/fault"

// Step is what is to be done next, for the key to be had as somebody wants.
type Step int

// The steps. All but Nothing and Keeping need the passphrase.
const (
	Nothing   Step = iota
	Keeping        // Keep
	Unlocking      // Unlock
	Locking        // Lock: the passphrase is a new one
	Releasing      // Release
)

// Next says what brings a key from this state to a mode; "" is the mode that it has, at hand.
func (s State) Next(mode string) (Step, error) {
	step := Unlocking
	switch mode {
	case "":
	case Auto:
		step = Releasing
	case Manual:
		step = Locking
	default:
		return Nothing, fault.New(fault.Usage, "use auto or manual", "--mode: %.100q is not known", mode)
	}
	switch {
	case s.Mode == Systemd && mode != "":
		return Nothing, fault.New(fault.Refused, "see docs/KEYS.md: its file has to be put back first", "the host's key comes from systemd")
	case s.Mode == Systemd:
		return Keeping, nil
	case s.Unfinished: // whatever is asked for, it has to be finished first
		return step, nil
	case mode == s.Mode, mode == "" && s.Mode != Manual, mode == "" && s.Open:
		return Nothing, nil
	}
	return step, nil
}
