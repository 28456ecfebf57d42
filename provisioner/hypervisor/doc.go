// Package hypervisor is the port to libvirt: what is asked of it, in plain values, and the errors that it answers with. The one that
// speaks to libvirt lies in libvirt/, one that plays it for tests in hypervisortest/, and both pass the same suite.
package hypervisor
