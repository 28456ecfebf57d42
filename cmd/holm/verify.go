package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/verify"
)

type verifyOptions struct {
	timeout time.Duration
	junit   string
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify NAME...",
		Short: "Try to break each promise of instances, and say what came back",
		Long: "The instance attacks itself from inside; the host looks at QEMU, at the running\n" +
			"domain and at its own files, and knocks at the instance's ports. A check whose\n" +
			"control did not succeed is inconclusive, which counts against the instance. What\n" +
			"does not exist on this host is not applicable, and counts neither way. Under guest stands\n" +
			"what the guest says of itself, under network how it showed itself to this host. The instance\n" +
			"stays as it is, whatever is found; how many checks passed is recorded.",
		Example: "  sudo holm verify web\n  sudo holm verify web -o json\n  sudo holm verify web build --junit verify.xml",
		GroupID: groupInstances,
		Args:    names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd.Context(), args, o)
		},
		ValidArgsFunction: a.completeInstances(0),
	}
	cmd.Flags().StringVar(&o.junit, "junit", "", "write a JUnit report to `FILE` as well; - for stdout, instead of the table")
	timeout(cmd, &o.timeout, 5*time.Minute)
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}

// verification is one instance held to its promises, as it is printed.
type verification struct {
	Name    string          `json:"name"`
	Tenant  string          `json:"tenant"`
	Profile string          `json:"profile"`
	Image   string          `json:"image"`
	Digest  string          `json:"digest"`
	Accel   string          `json:"accel"`
	Began   time.Time       `json:"began"`
	Holds   bool            `json:"holds"`
	Counts  verify.Counts   `json:"counts"`
	Results []verify.Result `json:"results"`
}

func (a *app) verify(ctx context.Context, list []string, o verifyOptions) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	var all []verification
	failed := each(ctx, list, func(name string) error {
		return within(ctx, o.timeout, a.longer(o.timeout), func(ctx context.Context) error {
			v, err := a.verifyOne(ctx, p, name)
			if err == nil {
				all = append(all, v)
			}
			return err
		})
	})
	broken := slices.ContainsFunc(all, func(v verification) bool { return !v.Holds })
	if err := a.printVerdicts(all, o.junit); err != nil {
		return joined(slices.DeleteFunc([]error{failed, err}, func(e error) bool { return e == nil }))
	}
	switch {
	case failed != nil && broken:
		return joined([]error{failed, fault.New(fault.CheckFailed, "", "not every check holds")})
	case broken:
		return exitStatus(fault.CheckFailed) // the result has said it all
	}
	return failed
}

func (a *app) verifyOne(ctx context.Context, p engine, name string) (verification, error) {
	began := a.now().UTC()
	observer, done := a.watch()
	verdict, err := p.Proof.Verify(ctx, a.tenant(), name, observer)
	done()
	if err != nil {
		return verification{}, err
	}
	view, err := p.Instances.Show(ctx, a.tenant(), name)
	return verification{
		Name: name, Tenant: a.tenant(), Profile: view.Profile, Image: view.ImageName, Digest: view.Image, Accel: view.Accel,
		Began: began, Holds: verdict.Holds(), Counts: verdict.Counts(), Results: verdict.Results,
	}, err
}

func (a *app) printVerdicts(all []verification, junit string) error {
	if junit != "" {
		content, err := junitReport(all)
		if err != nil {
			return err
		}
		if junit == "-" {
			_, err := a.streams.Out.Write(content)
			return err
		}
		if err := atomicfile.WriteBytes(junit, 0o644, content); err != nil {
			return fault.New(fault.Failure, "name a file that can be written: --junit FILE", "--junit: %w", err)
		}
	}
	if len(all) == 0 && a.settings.output == term.AsTable {
		return nil
	}
	doc := instancesDocument[verification]{Instances: all}
	if all == nil {
		doc.Instances = []verification{}
	}
	return a.streams.Print(a.settings.output, term.Result{Document: doc, People: verdicts(all), Names: unkept(all)})
}

// unkept names the checks that do not hold, with their instances.
func unkept(all []verification) []string {
	var list []string
	for _, v := range all {
		for _, r := range v.Results {
			if mark(r.Outcome).tone != term.Good && mark(r.Outcome).tone != term.Plain {
				list = append(list, v.Name+"/"+r.ID)
			}
		}
	}
	return list
}
