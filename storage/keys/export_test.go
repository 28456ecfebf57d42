package keys

// Cheaply derives keys from passphrases in a fraction of the time, until the returned function is called.
func Cheaply() (back func()) {
	cost = 64
	return func() { cost = argonKiB }
}
