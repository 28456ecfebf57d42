package fault

import (
	"slices"
	"strings"
)

// Remedy is one thing that can be done. A front end writes its command down as it has to be typed there.
type Remedy struct {
	Advice string   // what it is for; all of it when there is no command
	Verb   string   // a verb of holm, such as "image ls"
	Args   []string // what follows the verb; words in capital letters stand for what the reader has to choose
	Again  bool     // the command is the one that has failed
}

// Remedies are the things of which any one can be done, the best first.
type Remedies []Remedy

// Advice is what New takes as a remedy: free text, or what can be done.
type Advice interface{ string | Remedies }

// orElse stands between two things of which one can be done.
const orElse = "      or "

// Try advises to run a verb of holm. Flags may stand behind the verb: they come before the arguments.
func Try(advice, verb string, args ...string) Remedies {
	if i := strings.Index(verb, " -"); i >= 0 {
		verb, args = verb[:i], slices.Concat(strings.Fields(verb[i:]), args)
	}
	return Remedies{{Advice: advice, Verb: verb, Args: args}}
}

// Say advises what no verb of holm does.
func Say(advice string) Remedies { return remediesOf(advice) }

// Again advises to run the same command once more.
func Again(advice string) Remedies { return Remedies{{Advice: advice, Again: true}} }

// Or adds another verb of holm that can be run instead.
func (rs Remedies) Or(advice, verb string, args ...string) Remedies {
	return slices.Concat(rs, Try(advice, verb, args...))
}

// OrSay adds what can be done instead without holm.
func (rs Remedies) OrSay(advice string) Remedies { return slices.Concat(rs, Say(advice)) }

// String writes the remedies on one line, with the commands as they are by themselves.
func (rs Remedies) String() string { return rs.Text(Remedy.Command) }

// Text writes the remedies on one line, with the commands as command writes them.
func (rs Remedies) Text(command func(Remedy) string) string {
	texts := make([]string, len(rs))
	for i, r := range rs {
		switch line := command(r); {
		case line == "":
			texts[i] = r.Advice
		case r.Advice == "":
			texts[i] = line
		default:
			texts[i] = r.Advice + ": " + line
		}
	}
	return strings.Join(texts, orElse)
}

// Command writes the command down: "" when there is none.
func (r Remedy) Command() string {
	if r.Verb == "" {
		return ""
	}
	words := []string{"holm", r.Verb}
	for _, arg := range r.Args {
		words = append(words, ShellWord(arg))
	}
	return strings.Join(words, " ")
}

// ShellWord quotes a word for a shell when it needs it.
func ShellWord(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"
	if word == "" || strings.Trim(word, plain) != "" || strings.HasPrefix(word, "=") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

func remediesOf[R Advice](remedy R) Remedies {
	switch r := any(remedy).(type) {
	case Remedies:
		return r
	case string:
		if r != "" {
			return Remedies{{Advice: r}}
		}
	}
	return nil
}
