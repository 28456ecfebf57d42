// Package cloudinit turns an instance into a seed: the NoCloud ISO that cloud-init reads at first boot. What every
// instance shares is baked into the image; the seed carries only what is its own: name, user, keys, address, profile.
//
// Everything is a typed struct that is marshalled and parsed back, never a template, so that no value can become
// structure. A seed holds no secret: public keys, an address and a name.
package cloudinit
