package k3s

import (
	"context"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

func digest() k3sRule {
	return k3sRule{
		id:      "k3s-digest",
		source:  "CIS Kubernetes 5.5.1; holm",
		promise: "A pod whose image is not named by digest is refused.",
		tried:   "dry-run a pod with an image by latest, by tag, without tag, with half a digest, and by tag in an init container",
		try: func(ctx context.Context, run *k3sRun, tried string) probe.Result {
			return k3sRefused(tried, "'holm-digest'", run.admitAll(ctx, looseImages()))
		},
	}
}

func looseImages() []variant {
	image := func(what, name string) variant {
		return variant{what, func(p *k3sapi.PodSpec) { p.Containers[0].Image = name }}
	}
	return []variant{
		image("latest", repository+":latest"),
		image("a tag", repository+":1.0"),
		image("no tag", repository),
		image("half a digest", k3sImage[:len(k3sImage)-32]),
		{"an init container by tag", func(p *k3sapi.PodSpec) {
			initial := p.Containers[0]
			initial.Name, initial.Image = "initial", repository+":1.0"
			p.InitContainers = []k3sapi.Container{initial}
		}},
	}
}
