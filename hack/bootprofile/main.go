// Command bootprofile makes an instance and shows where the time until it was ready went: the kernel, holm's first program,
// the units that others waited for, the agent's steps, the phases of rootless Docker, and each check.
//
//	boot-profile [-profile docker] [-svg FILE]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"time"

	v1 "holm/api/v1"
)

const instance = "boot-profile"

func main() {
	holm := flag.String("holm", "bin/holm", "the program to measure")
	profile := flag.String("profile", "docker", "plain, docker or k3s")
	drawing := flag.String("svg", "", "draw the bars into this file as well")
	least := flag.Duration("least", 300*time.Millisecond, "leave out what took less")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *holm, *profile, *drawing, least.Seconds()); err != nil {
		fmt.Fprintln(os.Stderr, "boot-profile:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, holm, profile, drawing string, least float64) (err error) {
	begun := time.Now()
	if _, err := output(ctx, holm, "create", instance, "--profile", profile, "-q"); err != nil {
		return err
	}
	ready := time.Now()
	defer func() {
		_, failed := output(context.WithoutCancel(ctx), holm, "rm", instance, "--yes", "-q")
		err = errors.Join(err, failed)
	}()
	spans, err := look(ctx, holm)
	if err != nil {
		return err
	}
	kernel, err := began(ctx, holm)
	if err != nil {
		return err
	}
	offset := kernel.Sub(begun).Seconds()
	for i := range spans {
		spans[i].Begin, spans[i].End = spans[i].Begin+offset, spans[i].End+offset
	}
	total := ready.Sub(begun).Seconds()
	spans = append([]span{{Group: "host", Name: "until the guest's kernel runs", End: offset}}, spans...)
	checks, err := checked(ctx, holm, total)
	if err != nil {
		return err
	}
	spans = longer(append(spans, checks...), least)
	if drawing != "" {
		if err := os.WriteFile(drawing, draw(spans, total), 0o600); err != nil {
			return err
		}
	}
	_, err = os.Stdout.WriteString(table(spans, total))
	return err
}

// look asks the guest when what happened in it, in seconds since its kernel began.
func look(ctx context.Context, holm string) ([]span, error) {
	answers := map[string]string{}
	for name, question := range questions {
		answer, err := output(ctx, holm, append([]string{"exec", instance, "--"}, question...)...)
		if err != nil {
			return nil, err
		}
		answers[name] = answer
	}
	return read(answers)
}

// began is when the guest's kernel began to count.
func began(ctx context.Context, holm string) (time.Time, error) {
	out, err := output(ctx, holm, "exec", instance, "--", "cat", "/proc/uptime")
	if err != nil {
		return time.Time{}, err
	}
	var up float64
	if _, err := fmt.Sscanf(out, "%f", &up); err != nil {
		return time.Time{}, fmt.Errorf("the guest's uptime is %q", out)
	}
	return time.Now().Add(-time.Duration(up * float64(time.Second))), nil
}

// checked are the checks, one after the other, as the last ones took, ending when the instance was ready.
func checked(ctx context.Context, holm string, end float64) ([]span, error) {
	out, err := output(ctx, holm, "verify", instance, "-o", "json")
	if err != nil {
		return nil, err
	}
	var said v1.VerificationList
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		return nil, fmt.Errorf("read the verdict: %w", err)
	}
	if len(said.Instances) != 1 || len(said.Instances[0].Results) == 0 {
		return nil, errors.New("the verdict names no checks")
	}
	var spans []span
	for _, c := range slices.Backward(said.Instances[0].Results) {
		begin := end - float64(c.Millis)/1000
		spans = append(spans, span{"check", c.ID, begin, end})
		end = begin
	}
	return spans, nil
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}
