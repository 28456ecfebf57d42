package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/environment"
	"holm/provisioner/model"
)

// Environment is what is set of the world.
func Environment(e model.Environment) v1.Environment {
	return v1.Environment{
		Nameservers: e.Nameservers, Search: e.Search, Certificates: e.Certificates, Mirrors: e.Mirrors,
		Proxy: v1.Proxy{HTTP: e.Proxy.HTTP, HTTPS: e.Proxy.HTTPS, Not: e.Proxy.Not}, TimeServers: e.TimeServers,
	}
}

// InForce is what is told of it.
func InForce(f environment.InForce) v1.InForce {
	return v1.InForce{Environment: Environment(f.Environment), From: f.From, Dropped: f.Dropped}
}
