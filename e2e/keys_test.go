//go:build e2e

package e2e

// Public keys whose private halves nobody has kept.
const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMrv3xIYEvw78j9sixWi+7hL2M8RSmmvlamgYxOYVcXJ e2e"
	weakKey   = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDK5svoMVZIxs77nZ9X4dergy9hyu7Jksx/V1If5jjdBXyjVwS7nZ/Cn6040MzeXgJjC7K8XKykdmvPvMQRc8riJN3yrx8Kd50ZkAni2XhwWFpuJzbVZa81yUOdzYZA3/iB1otZpzc42EYe1EKCkpjqxzj7xiiwoJ2j4GKaoZhGmw== e2e"
)
