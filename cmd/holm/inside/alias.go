package inside

import "holm/provisioner/model"

// aliasOf is what an instance is called outside of holm: as a host of ssh's, a context of docker's and of kubectl's, a
// host of Ansible's. Neither tenants nor instances have a dot in their names, so no two instances share an alias, and
// none of another tenant looks like one of the default one's.
func aliasOf(tenant, name string) string {
	if tenant == "" || tenant == model.DefaultTenant {
		return "holm-" + name
	}
	return "holm." + tenant + "." + name
}

// formerAlias is what it was called before: "" for those whose alias is the same.
func formerAlias(tenant, name string) string {
	if former := "holm-" + tenant + "-" + name; tenant != "" && tenant != model.DefaultTenant {
		return former
	}
	return ""
}
