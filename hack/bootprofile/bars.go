package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// width of the bars in the table, in columns.
const width = 36

// table shows the spans as bars in 80 columns.
func table(spans []span, total float64) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%.1f s from the command to ready\n", total)
	for _, s := range spans {
		from := min(max(int(s.Begin/total*width), 0), width-1)
		to := min(max(int(s.End/total*width+0.5), from+1), width)
		bar := strings.Repeat(" ", from) + strings.Repeat("=", to-from)
		_, _ = fmt.Fprintf(&b, "%-6s %-26.26s %5.1f s  %s\n", s.Group, s.Name, s.End-s.Begin, bar)
	}
	return b.String()
}

// colours of the groups.
var colours = map[string]string{
	"host": "#888888", "kernel": "#b0413e", "holm": "#2e6f95", "unit": "#7aa95c", "user": "#c9a227", "docker": "#5f4bb6", "check": "#d17a22",
}

// Measures of the drawing, in pixels.
const (
	rowHeight = 18
	leftEdge  = 250
	perSecond = 14
)

// draw shows the spans as bars of an SVG.
func draw(spans []span, total float64) []byte {
	var b bytes.Buffer
	wide, high := leftEdge+int(total*perSecond)+60, (len(spans)+2)*rowHeight
	_, _ = fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		wide, high)
	_, _ = fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", wide, high)
	for second := 0; float64(second) <= total; second += 5 {
		x := leftEdge + second*perSecond
		_, _ = fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#dddddd"/><text x="%d" y="%d" fill="#666666">%d s</text>`+"\n",
			x, rowHeight, x, high, x, rowHeight-4, second)
	}
	for i, s := range spans {
		y := (i + 1) * rowHeight
		x, w := leftEdge+s.Begin*perSecond, max((s.End-s.Begin)*perSecond, 1)
		_, _ = fmt.Fprintf(&b, `<text x="4" y="%d">%s %s</text>`, y+13, escape(s.Group), escape(s.Name))
		_, _ = fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, x, y+2, w, rowHeight-4, colours[s.Group])
		_, _ = fmt.Fprintf(&b, `<text x="%.1f" y="%d">%.1f</text>`+"\n", x+w+4, y+13, s.End-s.Begin)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// escape makes text of a guest's fit for XML.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // never fails
	return b.String()
}
