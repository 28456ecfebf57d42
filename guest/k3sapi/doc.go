// Package k3sapi is a small typed client of the Kubernetes API: the few kinds and verbs that holm needs inside a k3s
// instance, over net/http and with the certificates of k3s's own kubeconfig. The agent's program is in every image and
// in every boot; the client library of Kubernetes would be most of it.
//
// What the API answers is bounded in size and time, fields that are not known are ignored.
package k3sapi
