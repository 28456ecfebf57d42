package encode

import (
	v1 "holm/api/v1"
	"holm/images"
	"holm/images/rootfs"
)

// ImageList is any number of images.
func ImageList(all []images.Manifest) v1.ImageList { return v1.ImageList{Images: list(all, Image)} }

// Image is one in full.
func Image(m images.Manifest) v1.Image {
	image := v1.Image{
		Digest: m.Digest, Name: m.Name, Suite: m.Suite, Inputs: m.Inputs, Epoch: utc(m.Epoch), Unlocked: m.Unlocked,
		Moved: some(m.Moved, func(p images.Move) v1.MovedPackage {
			return v1.MovedPackage{Name: p.Name, Locked: p.Locked, Now: p.Now}
		}),
		Profiles: texts(m.Profiles), Builder: m.Builder, Checks: m.Checks,
		Privileged: some(m.Privileged, func(p rootfs.Privilege) v1.PrivilegedProgram {
			return v1.PrivilegedProgram{File: p.File, By: p.By, Why: p.Why}
		}),
		Kernel: imageFile(m.Kernel), KernelVersion: m.KernelVersion, Initrd: imageFile(m.Initrd), Root: imageFile(m.Root),
		RootHash: m.RootHash, DataBlocks: m.DataBlocks, Salt: m.Salt,
		Packages: list(m.Packages, func(p images.Package) v1.ImagePackage {
			return v1.ImagePackage{Name: p.Name, Version: p.Version, SHA256: p.SHA256}
		}),
	}
	if m.K3s != nil {
		image.K3s = &v1.K3sContent{SHA256: m.K3s.SHA256, Images: some(m.K3s.Images, imageFile)}
	}
	return image
}

func imageFile(f images.File) v1.ImageFile {
	return v1.ImageFile{Name: f.Name, SHA256: f.SHA256, Size: f.Size}
}
