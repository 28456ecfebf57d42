package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holm/internal/fault"
	"holm/internal/term"
)

// formatFlag is the value of -o.
type formatFlag struct{ format *term.Format }

func (f *formatFlag) String() string { return string(term.AsTable) }
func (f *formatFlag) Type() string   { return "format" }
func (f *formatFlag) Set(text string) (err error) {
	format, err := term.ParseFormat(text)
	if err == nil {
		*f.format = format
	}
	return err
}

// SizeFlag is a size such as 2G or 512M, kept in whole units of unit bytes. It takes the binary units K, M, G and T;
// "GiB", "GB" and "g" mean the same as "G".
type SizeFlag struct {
	Count *int
	Unit  uint64
	text  string
}

// Units of sizes, in bytes.
const (
	Mebibyte = 1 << 20
	Gibibyte = 1 << 30
)

func (f *SizeFlag) String() string { return f.text }

// Type names the value in help.
func (f *SizeFlag) Type() string { return "size" }

// Set reads it.
func (f *SizeFlag) Set(text string) error {
	bytes, err := parseSize(text)
	if err != nil {
		return err
	}
	if bytes%f.Unit != 0 || bytes/f.Unit > math.MaxInt32 {
		return fmt.Errorf("%s is no whole number of %s: write a size such as 20G", Quoted(text), strings.TrimPrefix(term.Bytes(f.Unit), "1 "))
	}
	*f.Count, f.text = int(bytes/f.Unit), text // #nosec G115 -- at most MaxInt32
	return nil
}

// parseSize reads a size of at least one byte with its unit.
func parseSize(text string) (uint64, error) {
	wrong := fmt.Errorf("%s is no size: write a number and a unit, such as 512M or 20G", Quoted(text))
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end <= 0 {
		return 0, wrong
	}
	shift := strings.Index("KMGT", strings.ToUpper(text[end:end+1]))
	switch strings.ToLower(text[end+1:]) {
	case "", "b", "ib":
	default:
		shift = -1
	}
	number, err := strconv.ParseUint(text[:end], 10, 64)
	if err != nil || shift < 0 || number == 0 || number > math.MaxInt64>>(10*(shift+1)) {
		return 0, wrong
	}
	return number << (10 * (shift + 1)), nil
}

// CountFlag is a number of at least 1.
type CountFlag struct{ Count *int }

// Type names the value in help.
func (f *CountFlag) Type() string { return "count" }

func (f *CountFlag) String() string {
	if f.Count == nil || *f.Count == 0 {
		return ""
	}
	return strconv.Itoa(*f.Count)
}

// Set reads it.
func (f *CountFlag) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return fmt.Errorf("%s is no number of 1 or more", Quoted(text))
	}
	*f.Count = int(n)
	return nil
}

// durationFlag is a length of time that is longer than nothing.
type durationFlag struct{ d *time.Duration }

// Type names the value in help.
func (f *durationFlag) Type() string { return "duration" }

func (f *durationFlag) String() string {
	if f.d == nil {
		return ""
	}
	text := f.d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = strings.TrimSuffix(text, zero[1:])
		}
	}
	return text
}

func (f *durationFlag) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("%s is no length of time: write for example 90s or 10m", Quoted(text))
	}
	*f.d = d
	return nil
}

// SwitchFlag is on or off; Given tells whether it was given.
type SwitchFlag struct{ On, Given bool }

// Type names the value in help.
func (f *SwitchFlag) Type() string   { return "on|off" }
func (f *SwitchFlag) String() string { return "" }

// Set reads it.
func (f *SwitchFlag) Set(text string) error {
	if text != "on" && text != "off" {
		return fmt.Errorf("%s is neither on nor off", Quoted(text))
	}
	f.On, f.Given = text == "on", true
	return nil
}

// Timeout adds --timeout to a verb that waits.
func Timeout(cmd *cobra.Command, limit *time.Duration, standard time.Duration) {
	*limit = standard
	cmd.Flags().Var(&durationFlag{limit}, "timeout", "give up after this `TIME`")
}

// Within runs do and turns the end of the time into a fault that says what was given up.
func Within(ctx context.Context, limit time.Duration, remedy string, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(ctx)
	if _, ok := errors.AsType[*fault.Error](err); !ok && errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Failure, remedy, "gave up after %s", (&durationFlag{&limit}).String())
	}
	return err
}

// Longer is the remedy when time ran out.
func (a *App) Longer(limit time.Duration) string {
	return "wait longer: " + a.again() + " --timeout " + (&durationFlag{new(2 * limit)}).String()
}

// flagFault words the errors of pflag for people: the flag, the value, what is wrong with it.
func flagFault(cmd *cobra.Command, err error) error {
	what := err.Error()
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		what = "--" + invalid.GetFlag().Name + ": " + invalid.Unwrap().Error()
		if invalid.GetFlag().Value.Type() == "bool" {
			what = fmt.Sprintf("--%s: %s is neither true nor false", invalid.GetFlag().Name, Quoted(invalid.GetValue()))
		}
	}
	return fault.New(fault.Usage, "see: "+cmd.CommandPath()+" --help", "%s", shorten(what))
}

// Names checks that there are at least low and at most high arguments (high 0 is no limit); noun says what they are.
func Names(low, high int, noun string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		see := "see: " + cmd.CommandPath() + " --help"
		switch {
		case len(args) < low:
			return fault.New(fault.Usage, see, "%s needs %s", cmd.CommandPath(), noun)
		case high == 0 && low == 0 && len(args) > 0:
			return fault.New(fault.Usage, see, "%s takes no argument, but got %s", cmd.CommandPath(), Quoted(args[0]))
		case high > 0 && len(args) > high:
			return fault.New(fault.Usage, see, "%s takes %s, but got %s as well", cmd.CommandPath(), noun, Quoted(args[high]))
		}
		return nil
	}
}

// MaxQuoted is how much of a value an error repeats, in bytes.
const MaxQuoted = 100

// Quoted repeats a value that a person gave, so that nothing in it can be mistaken for holm's own words.
func Quoted(text string) string {
	if len(text) > MaxQuoted {
		return strconv.Quote(strings.ToValidUTF8(text[:MaxQuoted], "")) + " …"
	}
	return strconv.Quote(text)
}

func shorten(text string) string {
	if len(text) > 4*MaxQuoted {
		return strings.ToValidUTF8(text[:4*MaxQuoted], "") + " …"
	}
	return text
}
