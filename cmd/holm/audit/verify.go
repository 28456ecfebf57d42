package audit

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/encode"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/verify"
)

type verifyOptions struct {
	timeout time.Duration
	junit   string
}

func verifyCommand(a *app) *cobra.Command {
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
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 0, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verifyAll(cmd.Context(), a, args, o)
		},
		ValidArgsFunction: a.CompleteInstances(0),
	}
	cmd.Flags().StringVar(&o.junit, "junit", "", "write a JUnit report to `FILE` as well; - for stdout, instead of the table")
	cli.Timeout(cmd, &o.timeout, 5*time.Minute)
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed, fault.Refused)
	return cmd
}

// verification is one instance held to its promises.
type verification struct {
	Name    string
	Tenant  string
	Profile string
	Image   string
	Digest  string
	Accel   string
	Began   time.Time
	Holds   bool
	Counts  verify.Counts
	Results []verify.Result
}

func verifyAll(ctx context.Context, a *app, list []string, o verifyOptions) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	var all []verification
	failed := cli.Each(ctx, list, func(name string) error {
		return cli.Within(ctx, o.timeout, a.Longer(o.timeout), func(ctx context.Context) error {
			v, err := verifyOne(ctx, a, p, name)
			if err == nil {
				all = append(all, v)
			}
			return err
		})
	})
	broken := slices.ContainsFunc(all, func(v verification) bool { return !v.Holds })
	if err := printVerdicts(a, all, o.junit); err != nil {
		return cli.Joined(slices.DeleteFunc([]error{failed, err}, func(e error) bool { return e == nil }))
	}
	switch {
	case failed != nil && broken:
		return cli.Joined([]error{failed, fault.New(fault.ChecksFailed, "", "not every check holds")})
	case broken:
		return cli.ExitStatus(fault.CheckFailed) // the result has said it all
	}
	return failed
}

func verifyOne(ctx context.Context, a *app, p Engine, name string) (verification, error) {
	began := a.Now().UTC()
	observer, done := a.Watch()
	verdict, err := p.Proof.Verify(ctx, a.Tenant(), name, observer)
	done()
	if err != nil {
		return verification{}, err
	}
	view, err := p.Instances.Show(ctx, a.Tenant(), name)
	return verification{
		Name: name, Tenant: a.Tenant(), Profile: view.Profile, Image: view.ImageName, Digest: view.Image, Accel: view.Accel,
		Began: began, Holds: verdict.Holds(), Counts: verdict.Counts(), Results: verdict.Results,
	}, err
}

func printVerdicts(a *app, all []verification, junit string) error {
	if junit != "" {
		content, err := junitReport(all)
		if err != nil {
			return err
		}
		if junit == "-" {
			_, err := a.Streams.Out.Write(content)
			return err
		}
		if err := atomicfile.WriteBytes(junit, 0o644, content); err != nil {
			return fault.New(fault.Failure, "name a file that can be written: --junit FILE", "--junit: %w", err)
		}
	}
	if len(all) == 0 && a.Settings.Output == term.AsTable {
		return nil
	}
	doc := v1.VerificationList{Instances: []v1.Verification{}}
	for _, v := range all {
		doc.Instances = append(doc.Instances, v.document())
	}
	return a.Streams.Print(a.Settings.Output, term.Result{Document: doc, People: verdicts(all), Names: unkept(all)})
}

func (v verification) document() v1.Verification {
	return v1.Verification{
		Name: v.Name, Tenant: v.Tenant, Profile: v.Profile, Image: v.Image, Digest: v.Digest, Accel: v.Accel, Began: v.Began, Holds: v.Holds,
		Counts: encode.CheckCounts(v.Counts), Results: encode.CheckResults(v.Results),
	}
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
