package audit

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/evidence"
)

func evidenceCommand(a *app) *cobra.Command {
	limit := 10 * time.Minute
	cmd := &cobra.Command{
		Use:   "evidence NAME",
		Short: "Print a signed statement of what an instance is and where it lies",
		Long: "It tries every promise anew and states what came of each, with the image by digest, the machine as\n" +
			"libvirt runs it, the drives under the volume, the tenant's rule and the end of the audit log: in-toto,\n" +
			"in a DSSE envelope. \"holm evidence verify FILE\" checks it on any machine.",
		Example: "  sudo holm evidence web --tenant acme > web.evidence.json\n  holm evidence verify web.evidence.json",
		GroupID: cli.GroupInstances,
		Args:    cli.Names(1, 1, "the name of an instance"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return printEvidence(cmd.Context(), a, args[0], limit)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cli.Timeout(cmd, &limit, limit)
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy, fault.CheckFailed)
	cmd.AddCommand(evidenceVerifyCommand(a))
	return cmd
}

func printEvidence(ctx context.Context, a *app, name string, limit time.Duration) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	var content []byte
	var holds bool
	err = cli.Within(ctx, limit, a.Longer(limit), func(ctx context.Context) error {
		observer, done := a.Watch()
		defer done()
		content, holds, err = p.Evidence.Sign(ctx, a.Tenant(), name, observer)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := a.Streams.Out.Write(content); err != nil {
		return err
	}
	if !holds {
		a.Say("it states that not every promise holds: " + a.Command("verify", name))
		return cli.ExitStatus(fault.CheckFailed)
	}
	return nil
}

func evidenceVerifyCommand(a *app) *cobra.Command {
	var whose trust
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a signed statement, on any machine, and print what it states",
		Long: "--key says whose signature it has to be. Without it the file proves only that\n" +
			"nobody altered it who lacks the key that it names itself, and anybody can make\n" +
			"such a key: that ends with 8, unless --any-key asks for no more.",
		Example: "  holm evidence verify web.evidence.json --key ed25519:…",
		Args:    cli.Names(1, 1, "a file of evidence"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return evidenceVerify(cmd.Context(), a, args[0], whose)
		},
	}
	whose.flags(cmd)
	cli.Ends(cmd, fault.NotFound, fault.CheckFailed)
	return cmd
}

func evidenceVerify(ctx context.Context, a *app, path string, whose trust) error {
	trusted, err := whose.public()
	if err != nil {
		return err
	}
	f, err := os.Open(path) // #nosec G304 -- whoever runs holm names it, and may read it
	if err != nil {
		return missingFile(err)
	}
	defer func() { _ = f.Close() }()
	s, by, err := evidence.Open(ctx, f, trusted)
	if err != nil {
		return fault.New(fault.EvidenceInvalid, "", "%s: %w", cli.Quoted(path), err).With(fault.Path(path))
	}
	if err := a.Streams.Print(a.Settings.Output, statementResult(s, by, whose.cell())); err != nil {
		return err
	}
	return whose.enough(path, "evidence verify")
}

// statementResult is what a person wants to know of a statement first; the document is all of it.
func statementResult(s evidence.Statement, by string, signature term.Cell) term.Result {
	p := s.Predicate
	var f term.Fields
	text := func(name, value string) { f.Add(name, term.Text(value)) }
	f.Add("signature", signature)
	text("by", by)
	text("made", term.Time(p.MadeAt))
	text("host", p.Host.Name)
	text("site", p.Host.Site)
	text("jurisdiction", p.Host.Jurisdiction)
	text("instance", p.Instance.Tenant+"/"+p.Instance.Name+" "+p.Instance.ID)
	f.Add("accel", cli.AccelText(p.Instance.Accel))
	text("image", p.Image.Name+" "+p.Image.Digest)
	text("kernel", p.Image.Version)
	text("encryption", p.Encryption)
	if p.Under != nil {
		text("drives", p.Under.Summary())
	}
	c := p.Verified.Counts()
	checks := term.Text(cli.Decimal(c.Passed) + " passed, " + cli.Decimal(c.Failed) + " failed, " +
		cli.Decimal(c.Inconclusive) + " inconclusive, " +
		cli.Decimal(c.NotApplicable) + " not applicable")
	if !p.Verified.Holds() {
		checks.Tone = term.Broken
	}
	f.Add("checks", checks)
	text("audit log", "entry "+cli.Decimal(p.Audit.Seq)+" "+p.Audit.Head)
	for _, limit := range p.Limits {
		text("but", limit)
	}
	return term.Result{Document: s, People: f, Names: []string{p.Instance.ID}}
}
