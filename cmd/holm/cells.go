package main

import (
	"fmt"
	"strings"
	"time"

	"holm/internal/term"
	"holm/provisioner/model"
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

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// instancesDocument is what verbs print that deal with any number of instances.
type instancesDocument[T any] struct {
	Instances []T `json:"instances"`
}

// accelCell marks emulation, which is no isolation boundary.
func accelCell(accel string) term.Cell {
	if accel == "kvm" {
		return term.Text(accel)
	}
	return term.Cell{Text: accel, Tone: term.Attention}
}

func orDash(text string) term.Cell {
	if text == "" {
		return term.Text("-")
	}
	return term.Text(text)
}

// accelText says what emulation means.
func accelText(accel string) term.Cell {
	cell := accelCell(accel)
	if accel == "tcg" {
		cell.Text = strings.ToUpper(accel) + ", emulation (lab mode): no isolation boundary"
		cell.Pipe = accel
	}
	return cell
}

func listed(list []string) string { return strings.Join(list, ", ") }

// limitCell is a limit, and what is allowed in a burst.
func limitCell(limit, burst int, unit string) term.Cell {
	if limit == 0 {
		return term.Text("-")
	}
	text := decimal(limit) + unit
	if burst > 0 {
		text += "/" + decimal(burst)
	}
	return term.Text(text)
}

// limitsText says in a few words what an instance may take.
func limitsText(l model.Limits) string {
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
			words = append(words, limitCell(one.limit, one.burst, "").Text+one.unit)
		}
	}
	return strings.Join(words, ", ")
}
