package cli

import (
	"fmt"
	"strings"
	"time"

	"holm/internal/term"
	"holm/provisioner/model"
)

// AgeCell is how long ago something was; in a pipe, when it was.
func (a *App) AgeCell(t time.Time) term.Cell {
	if t.IsZero() {
		return term.Text("-")
	}
	return term.Cell{Text: term.Age(a.Now().Sub(t)), Pipe: term.Time(t)}
}

// BytesCell is a size in binary units; in a pipe, in bytes.
func BytesCell[T int64 | uint64](n T) term.Cell {
	return term.Cell{Text: term.Bytes(uint64(max(n, 0))), Pipe: Decimal(n)}
}

// Decimal is a number as it is printed.
func Decimal[T int | int64 | uint64](n T) string { return fmt.Sprintf("%d", n) }

// Count writes a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// AccelCell marks emulation, which is no isolation boundary.
func AccelCell(accel string) term.Cell {
	if accel == "kvm" {
		return term.Text(accel)
	}
	return term.Cell{Text: accel, Tone: term.Attention}
}

// OrDash is a text, or a dash for none.
func OrDash(text string) term.Cell {
	if text == "" {
		return term.Text("-")
	}
	return term.Text(text)
}

// AccelText says what emulation means.
func AccelText(accel string) term.Cell {
	cell := AccelCell(accel)
	if accel == "tcg" {
		cell.Text = strings.ToUpper(accel) + ", emulation (lab mode): no isolation boundary"
		cell.Pipe = accel
	}
	return cell
}

// Listed is a list in a sentence.
func Listed(list []string) string { return strings.Join(list, ", ") }

// LimitCell is a limit, and what is allowed in a burst.
func LimitCell(limit, burst int, unit string) term.Cell {
	if limit == 0 {
		return term.Text("-")
	}
	text := Decimal(limit) + unit
	if burst > 0 {
		text += "/" + Decimal(burst)
	}
	return term.Text(text)
}

// LimitsText says in a few words what an instance may take.
func LimitsText(l model.Limits) string {
	var words []string
	for _, one := range []struct {
		limit, burst int
		unit         string
	}{
		{l.CPUWeight, 0, " CPU weight"},
		{l.CPUPercent, 0, "% of a CPU"},
		{l.IOPS, l.IOPSBurst, " requests/s"},
		{l.MBps, l.MBpsBurst, " MB/s"},
		{l.NetMbit, 0, " Mbit/s"},
	} {
		if one.limit > 0 {
			words = append(words, LimitCell(one.limit, one.burst, "").Text+one.unit)
		}
	}
	return strings.Join(words, ", ")
}
