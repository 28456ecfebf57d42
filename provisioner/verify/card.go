package verify

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"

	"holm/provisioner/machine"
)

// tapForm is a name of an interface that can be part of a path.
var tapForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,14}$`)

var errNoCard = errors.New("libvirt names no interface for the instance's network card")

// card is the instance's one network card, as libvirt has it now.
func (t *trial) card() (machine.Card, error) {
	live, err := machine.ReadLive(t.Live)
	if err != nil {
		return machine.Card{}, err
	}
	// More than one is another check's complaint: domain-as-asked.
	if len(live.Cards) == 0 || !tapForm.MatchString(live.Cards[0].Tap) {
		return machine.Card{}, errNoCard
	}
	return live.Cards[0], nil
}

// network is the path of what the kernel says of an interface.
func (e Env) network(tap string, more ...string) string {
	return filepath.Join(append([]string{e.Sys, "class/net", tap}, more...)...)
}

// master is the bridge on which an interface hangs; "" when it hangs on none.
func (e Env) master(tap string) string {
	link, err := os.Readlink(e.network(tap, "master"))
	if err != nil {
		return ""
	}
	return filepath.Base(link)
}
