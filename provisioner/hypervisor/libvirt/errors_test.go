package libvirt

import (
	"errors"
	"strings"
	"testing"

	"libvirt.org/go/libvirt"

	"holm/internal/fault"
)

// A libvirtd translates what it says into the language of its own locale.
func TestNoDecisionHangsOnTheLanguageOfLibvirt(t *testing.T) {
	says := func(code libvirt.ErrorNumber, domain libvirt.ErrorDomain, message string) error {
		return libvirt.Error{Code: code, Domain: domain, Message: message}
	}
	for _, message := range []string{
		"internal error: Failed to apply firewall rules /usr/sbin/ebtables: RULE_DELETE failed (rule in chain)", "Failed to apply firewall command",
		"Interner Fehler: Anwenden der Firewall-Regeln gescheitert",
	} {
		if !isFirewallConflict(says(libvirt.ERR_INTERNAL_ERROR, libvirt.FROM_FIREWALL, message)) {
			t.Errorf("a start that crossed a change of the packet filter is not tried again: %s", message)
		}
		if isFirewallConflict(says(libvirt.ERR_INTERNAL_ERROR, libvirt.FROM_QEMU, message)) {
			t.Errorf("QEMU's own failure is taken for one of the packet filter's: %s", message)
		}
	}
	for _, message := range []string{"operation failed: Active console session exists for this domain", "Vorgang gescheitert: Eine Sitzung gibt es schon"} {
		if err := unlessTaken(says(libvirt.ERR_OPERATION_FAILED, libvirt.FROM_QEMU, message), "open"); fault.KindOf(err) != fault.Busy {
			t.Errorf("a console that somebody has open: %v", err)
		}
		if err := unlessTaken(says(libvirt.ERR_OPERATION_INVALID, libvirt.FROM_QEMU, message), "open"); fault.KindOf(err) == fault.Busy {
			t.Errorf("a domain that is off: %v", err)
		}
	}
	for _, message := range []string{
		"internal error: unable to execute QEMU command 'device_del': Device seed is already in the process of unplug",
		"interner Fehler: QEMU-Befehl 'device_del' gescheitert: Device seed is already in the process of unplug",
	} {
		if err := unlessUnderWay(says(libvirt.ERR_INTERNAL_ERROR, libvirt.FROM_QEMU, message)); err != nil {
			t.Errorf("a second unplug: %v", err)
		}
	}
	other := says(libvirt.ERR_INTERNAL_ERROR, libvirt.FROM_QEMU, "unable to execute QEMU command 'device_del': Bus does not support hotplugging")
	if err := unlessUnderWay(other); !errors.Is(err, other) {
		t.Errorf("got %v", err)
	}
	for _, code := range []libvirt.ErrorNumber{libvirt.ERR_AUTH_UNAVAILABLE, libvirt.ERR_AUTH_FAILED, libvirt.ERR_AUTH_CANCELLED, libvirt.ERR_ACCESS_DENIED} {
		if remedy := fault.RemedyOf(unreachable("qemu:///system", says(code, libvirt.FROM_RPC, "Anmeldung gescheitert"))); !strings.Contains(remedy, "sudo") {
			t.Errorf("code %d: the remedy is %q", code, remedy)
		}
	}
}
