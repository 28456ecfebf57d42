package cli

import (
	"fmt"
	"strconv"
)

// QuotaFlag is a number, or with a unit a size in whole units of unit bytes; 0 is no limit.
type QuotaFlag struct {
	Into **int
	Unit uint64 // 0 for a plain number
	text string
}

// Type names the value in help.
func (f *QuotaFlag) Type() string { return "quota" }

func (f *QuotaFlag) String() string { return f.text }

// Set reads it.
func (f *QuotaFlag) Set(text string) error {
	n := 0
	switch {
	case text == "0":
	case f.Unit > 0:
		if err := (&SizeFlag{Count: &n, Unit: f.Unit}).Set(text); err != nil {
			return err
		}
	default:
		parsed, err := strconv.ParseInt(text, 10, 32)
		if err != nil || parsed < 0 {
			return fmt.Errorf("%s is no number of 0 or more", Quoted(text))
		}
		n = int(parsed)
	}
	*f.Into, f.text = &n, text
	return nil
}
