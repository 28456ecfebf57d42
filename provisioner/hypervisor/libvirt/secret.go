package libvirt

import (
	"context"
	"fmt"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"
)

// SetSecret implements provisioner.Hypervisor. Libvirt keeps it in the memory of its daemon, gives it to nobody who asks, and
// hands it to QEMU encrypted.
func (h *Host) SetSecret(ctx context.Context, uuid, path string, value []byte) error {
	text, err := (&libvirtxml.Secret{
		Ephemeral: "yes", Private: "yes", UUID: uuid, Usage: &libvirtxml.SecretUsage{Type: "volume", Volume: path},
	}).Marshal()
	if err != nil {
		return fmt.Errorf("render the secret of a volume: %w", err)
	}
	_, err = wait(ctx, h, "give libvirt the key of volume "+path, func(c *libvirt.Connect) (none, error) {
		secret, err := c.SecretDefineXML(text, 0)
		if err != nil {
			return none{}, err
		}
		defer secret.Free() //nolint:errcheck // frees memory, cannot fail
		if err := secret.SetValue(value, 0); err != nil {
			_ = secret.Undefine()
			return none{}, err
		}
		return none{}, nil
	})
	return err
}

// RemoveSecret implements provisioner.Hypervisor.
func (h *Host) RemoveSecret(ctx context.Context, uuid string) error {
	_, err := wait(ctx, h, "take the key of a volume back from libvirt", func(c *libvirt.Connect) (none, error) {
		secret, err := c.LookupSecretByUUIDString(uuid)
		if isCode(err, libvirt.ERR_NO_SECRET) || lacks(err) {
			return none{}, nil
		}
		if err != nil {
			return none{}, err
		}
		defer secret.Free() //nolint:errcheck // frees memory, cannot fail
		if err := secret.Undefine(); err != nil && !isCode(err, libvirt.ERR_NO_SECRET) {
			return none{}, err
		}
		return none{}, nil
	})
	return err
}
