package main

import (
	"fmt"
	"strconv"
)

// quotaFlag is a number, or with a unit a size in whole units of unit bytes; 0 is no limit.
type quotaFlag struct {
	into **int
	unit uint64 // 0 for a plain number
	text string
}

func (f *quotaFlag) Type() string { return "quota" }

func (f *quotaFlag) String() string { return f.text }

func (f *quotaFlag) Set(text string) error {
	n := 0
	switch {
	case text == "0":
	case f.unit > 0:
		if err := (&sizeFlag{count: &n, unit: f.unit}).Set(text); err != nil {
			return err
		}
	default:
		parsed, err := strconv.ParseInt(text, 10, 32)
		if err != nil || parsed < 0 {
			return fmt.Errorf("%s is no number of 0 or more", quoted(text))
		}
		n = int(parsed)
	}
	*f.into, f.text = &n, text
	return nil
}
