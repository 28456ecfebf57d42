//go:build !crashpoints

package main

// crashPoint is nil: only a binary built with the tag "crashpoints" can be told to die.
func crashPoint() func(string) { return nil }
