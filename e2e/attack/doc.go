// Package attack is what both ends of the table of attacks share: the guest's program (e2e/attacker), which sends and
// counts, and the test on the host, which says what to send and counts at every stop on the way. A frame that belongs to
// an attack carries a mark, so that it is known again wherever it comes through.
package attack
