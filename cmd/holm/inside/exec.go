package inside

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
)

// execOptions are how a command is run in an instance.
type execOptions struct {
	tty     bool
	stdin   bool // as --stdin says it
	noStdin bool
}

func execCommand(a *app) *cobra.Command {
	var o execOptions
	cmd := &cobra.Command{
		Use:   "exec NAME -- COMMAND [ARGUMENT...]",
		Short: "Run a command in an instance",
		Long: "Input, output and exit code pass through; the arguments reach the command word for word.\n" +
			"For pipes and variables of the guest, run a shell there: -- sh -c 'df | tail -1'.\n" +
			"A command that a signal ended gives 128 and the signal's number; 255 with a word of holm's\n" +
			"is a connection that failed. The command, and what it started, ends with the exec.",
		Example: "  sudo holm exec web -- docker ps\n  sudo holm exec -t web -- top\n" +
			"  while read -r name; do sudo holm exec -n \"$name\" -- uptime; done <names",
		GroupID: cli.GroupInside,
		Args:    afterDash(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := reach(cmd.Context(), a, args[0])
			if err != nil {
				return err
			}
			o.noStdin = o.noStdin || !o.stdin
			return runIn(cmd.Context(), a, t, o, args[1:], a.Streams)
		},
		ValidArgsFunction: a.CompleteInstances(1),
	}
	cmd.Flags().BoolVarP(&o.tty, "tty", "t", false, "give the command a terminal")
	cmd.Flags().BoolVar(&o.stdin, "stdin", true, "let the command read what is typed or piped into holm")
	cmd.Flags().BoolVarP(&o.noStdin, "no-stdin", "n", false, "leave stdin alone: the same as --stdin=false")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

// exec runs a command in an instance. Ssh's own 255 is told from the command's by what ssh has seen of its end.
func runIn(ctx context.Context, a *app, t sshTarget, o execOptions, words []string, streams *term.Streams) error {
	log, err := os.CreateTemp("", "holm-ssh-")
	if err != nil {
		return err
	}
	defer func() { _ = log.Close(); _ = os.Remove(log.Name()) }()
	argv, err := execArgs(t, o, log.Name(), words)
	if err != nil {
		return err
	}
	err = a.Program(ctx, "ssh", argv, streams)
	content, readErr := io.ReadAll(io.LimitReader(log, maxSaid))
	if readErr != nil {
		return readErr
	}
	ended, said := readSSHLog(string(content))
	if status, ok := errors.AsType[cli.ExitStatus](err); ok && status == cli.ConnectionFailed && !ended {
		return lost(said)
	}
	if said != "" {
		streams.Say(said)
	}
	return err
}

// maxSaid is how much of what ssh says is read, in bytes.
const maxSaid = 64 << 10

// readSSHLog tells whether ssh has been told of the command's end, and returns what ssh has to say to people.
func readSSHLog(content string) (ended bool, said string) {
	var lines []string
	for line := range strings.Lines(content) {
		line = term.Line(strings.TrimSpace(line))
		switch {
		case strings.Contains(line, "debug"):
			ended = ended || strings.Contains(line, "rtype exit-")
		case line != "":
			lines = append(lines, line)
		}
	}
	return ended, strings.Join(lines, "\n")
}

// lost is a connection that could not be made, or broke. It keeps ssh's exit code.
func lost(said string) error {
	if said == "" {
		said = "the connection is lost"
	}
	return cli.ConnectionError{Fault: fault.New(fault.Failure, "see whether it runs: holm ls", "%s", said)}
}
