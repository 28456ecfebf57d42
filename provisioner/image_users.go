package provisioner

import "context"

// ImageUsers names the instances that need each image, by its digest: those that boot from it, and those that return to it when
// their rebuild comes to nothing.
func (p *Provisioner) ImageUsers(ctx context.Context) (map[string][]string, error) {
	all, err := p.Records.Instances(ctx)
	users := map[string][]string{}
	for _, inst := range all {
		users[inst.Image] = append(users[inst.Image], inst.Name)
		if inst.Previous != nil && inst.Previous.Digest != inst.Image {
			users[inst.Previous.Digest] = append(users[inst.Previous.Digest], inst.Name)
		}
	}
	return users, err
}
