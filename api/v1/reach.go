package v1

// DockerContext is what lets the caller's own docker reach the one in an instance.
type DockerContext struct {
	// Context is the name of the Docker context, and of the host in ssh's configuration.
	Context string `json:"context"`
	// Host is Docker's endpoint.
	Host string `json:"host"`
	// SSHConfig is the block that ssh needs.
	SSHConfig string `json:"ssh_config"`
	// Commands make the context, once ssh has the block.
	Commands []string `json:"commands"`
}

// SSHHost is what ssh needs to reach one instance.
type SSHHost struct {
	// Name is the instance's.
	Name string `json:"name"`
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// Host is what ssh calls it.
	Host string `json:"host"`
	// KnownHosts is a line of such a file.
	KnownHosts string `json:"known_hosts"`
	// SSHConfig is the block.
	SSHConfig string `json:"ssh_config"`
}

// SSHHostList is what `ssh-config` prints.
type SSHHostList struct {
	// Hosts are the instances that can be reached.
	Hosts []SSHHost `json:"hosts"`
}
