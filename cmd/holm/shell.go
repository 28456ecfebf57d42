package main

import "strings"

// shellQuote makes one word of a POSIX shell that means exactly text: no expansion, no alias, no keyword.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// shellWord quotes a word only when it needs it: for command lines that people read.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"
	if text == "" || strings.Trim(text, plain) != "" || strings.HasPrefix(text, "=") {
		return shellQuote(text)
	}
	return text
}

// shellLine quotes every word of a command for a remote shell.
func shellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shellQuote(word)
	}
	return strings.Join(quoted, " ")
}
