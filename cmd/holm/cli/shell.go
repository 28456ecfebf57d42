package cli

import "strings"

// ShellQuote makes one word of a POSIX shell that means exactly text: no expansion, no alias, no keyword.
func ShellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// ShellWord quotes a word only when it needs it: for command lines that people read.
func ShellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"
	if text == "" || strings.Trim(text, plain) != "" || strings.HasPrefix(text, "=") {
		return ShellQuote(text)
	}
	return text
}

// ShellLine quotes every word of a command for a remote shell.
func ShellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = ShellQuote(word)
	}
	return strings.Join(quoted, " ")
}
