package main

import (
	"fmt"
	"time"

	"holm/internal/term"
)

// ageCell is how long ago something was; in a pipe, when it was.
func (a *app) ageCell(t time.Time) term.Cell {
	if t.IsZero() {
		return term.Text("-")
	}
	return term.Cell{Text: term.Age(a.now().Sub(t)), Pipe: term.Time(t)}
}

// bytesCell is a size in binary units; in a pipe, in bytes.
func bytesCell[T int64 | uint64](n T) term.Cell {
	return term.Cell{Text: term.Bytes(uint64(max(n, 0))), Pipe: decimal(n)}
}

func decimal[T int | int64 | uint64](n T) string { return fmt.Sprintf("%d", n) }
