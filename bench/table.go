//go:build bench

package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"holm/internal/term"
)

// The units of a row's values.
const (
	inSeconds = "s"
	inBytes   = "bytes"
	inMB      = "MB" // 10^6, as goals and disks are written
	inRate    = "bytes/s"
	inCPUs    = "CPUs"
	// Of it, as of inRate, more is better.
	inPerSecond = "1/s"
)

// goal is what a row is held to: at most this ratio to the peer or, where it is 0, at most this value.
type goal struct {
	Ratio float64 `json:"ratio,omitempty"`
	Most  float64 `json:"most,omitempty"`
}

// row is one line of the table.
type row struct {
	Title    string  `json:"row"`
	Unit     string  `json:"unit"`
	Holm     sample  `json:"holm"`
	PeerName string  `json:"peer,omitempty"`
	Peer     *sample `json:"peer_sample,omitempty"`
	Ratio    float64 `json:"ratio,omitempty"`
	Goal     goal    `json:"goal,omitzero"`
	Met      *bool   `json:"met,omitempty"` // nil without a goal
}

// against makes a row of holm and its peer.
func against(title, unit string, holm sample, peerName string, peer sample, g goal) row {
	r := row{Title: title, Unit: unit, Holm: holm, PeerName: peerName, Peer: &peer, Goal: g}
	if peer.Median > 0 {
		r.Ratio = holm.Median / peer.Median
	}
	return r.judge()
}

// alone makes a row without a peer.
func alone(title, unit string, holm sample, g goal) row {
	return row{Title: title, Unit: unit, Holm: holm, Goal: g}.judge()
}

func (r row) judge() row {
	switch {
	case r.Goal.Ratio > 0:
		r.Met = new(r.Ratio <= r.Goal.Ratio)
	case r.Goal.Most > 0:
		r.Met = new(r.Holm.Median <= r.Goal.Most)
	}
	return r
}

// tableWidth is what the table has to fit into, wherever it is pasted.
const tableWidth = 80

func printTable(w io.Writer, rows []row) error {
	t := term.Table{Columns: []term.Column{
		{Title: "ROW"},
		{Title: "HOLM", Right: true},
		{Title: "PEER", Min: 12},
		{Title: "PEER'S", Right: true},
		{Title: "RATIO", Right: true},
		{Title: "GOAL"},
	}}
	for _, r := range rows {
		peer, ratio := "-", "-"
		if r.Peer != nil {
			peer = amount(r.Unit, r.Peer.Median)
			ratio = ratioText(r.Ratio)
		}
		t.Rows = append(t.Rows, []term.Cell{
			term.Text(r.Title), term.Text(amount(r.Unit, r.Holm.Median)), term.Text(cmp.Or(r.PeerName, "-")),
			term.Text(peer), term.Text(ratio), term.Text(r.verdict()),
		})
	}
	return t.Write(w, true, tableWidth, false)
}

func ratioText(ratio float64) string {
	switch {
	case ratio < 0.001:
		return "<0.001"
	case ratio < 0.1:
		return fmt.Sprintf("%.3f", ratio)
	default:
		return fmt.Sprintf("%.2f", ratio)
	}
}

func (r row) verdict() string {
	if r.Met == nil {
		return "-"
	}
	text := "≤ " + fmt.Sprintf("%.2g", r.Goal.Ratio)
	if r.Goal.Ratio == 0 {
		text = "≤ " + amount(r.Unit, r.Goal.Most)
	}
	if *r.Met {
		return text + " met"
	}
	return text + " MISSED"
}

// amount writes a value with three digits or so.
func amount(unit string, v float64) string {
	if unit == inBytes {
		return term.Bytes(uint64(v)) // #nosec G115 -- a size is positive
	}
	if unit == inMB {
		return fmt.Sprintf("%.0f MB", v)
	}
	if unit == inRate && v < 10e6 {
		return fmt.Sprintf("%.1f MB/s", v/1e6)
	}
	if unit == inRate {
		return fmt.Sprintf("%.0f MB/s", v/1e6)
	}
	if unit == inPerSecond {
		return fmt.Sprintf("%.0f/s", v)
	}
	if unit == inCPUs {
		return fmt.Sprintf("%.2f CPUs", v)
	}
	d := time.Duration(v * float64(time.Second))
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", v*1e3)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", v*1e3)
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", v)
	default:
		return fmt.Sprintf("%.0f s", v)
	}
}
