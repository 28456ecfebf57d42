package k3sapi

// Pod is one pod, with those fields that holm sets or looks at.
type Pod struct {
	Type
	Metadata Meta    `json:"metadata"`
	Spec     PodSpec `json:"spec"`
}

// PodSpec is what runs in a pod, and how confined.
type PodSpec struct {
	HostNetwork     bool         `json:"hostNetwork,omitempty"`
	Automount       *bool        `json:"automountServiceAccountToken,omitempty"`
	SecurityContext *PodSecurity `json:"securityContext,omitempty"`
	InitContainers  []Container  `json:"initContainers,omitempty"`
	Containers      []Container  `json:"containers"`
	Volumes         []Volume     `json:"volumes,omitempty"`
}

// PodSecurity holds for all containers of a pod.
type PodSecurity struct {
	RunAsNonRoot *bool    `json:"runAsNonRoot,omitempty"`
	RunAsUser    *int64   `json:"runAsUser,omitempty"`
	Seccomp      *Seccomp `json:"seccompProfile,omitempty"`
}

// Seccomp names a filter of system calls.
type Seccomp struct {
	Type string `json:"type"` // "RuntimeDefault"
}

// Container is one program of a pod.
type Container struct {
	Name            string             `json:"name"`
	Image           string             `json:"image"`
	SecurityContext *ContainerSecurity `json:"securityContext,omitempty"`
	VolumeMounts    []VolumeMount      `json:"volumeMounts,omitempty"`
}

// ContainerSecurity holds for one container.
type ContainerSecurity struct {
	Privileged               *bool         `json:"privileged,omitempty"`
	AllowPrivilegeEscalation *bool         `json:"allowPrivilegeEscalation,omitempty"`
	ReadOnlyRootFilesystem   *bool         `json:"readOnlyRootFilesystem,omitempty"`
	Capabilities             *Capabilities `json:"capabilities,omitempty"`
}

// Capabilities are those that a container gets or loses: "NET_RAW", "ALL".
type Capabilities struct {
	Add  []string `json:"add,omitempty"`
	Drop []string `json:"drop,omitempty"`
}

// VolumeMount is where a container sees a volume.
type VolumeMount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
}

// Volume is one volume of a pod: an empty directory, a folder of the node, or a service account's token (Projected).
type Volume struct {
	Name      string     `json:"name"`
	EmptyDir  *EmptyDir  `json:"emptyDir,omitempty"`
	HostPath  *HostPath  `json:"hostPath,omitempty"`
	Projected *Projected `json:"projected,omitempty"`
}

// EmptyDir is an empty directory on the node's disk.
type EmptyDir struct{}

// HostPath is a folder of the node.
type HostPath struct {
	Path string `json:"path"`
}

// Projected is what the API puts together for a pod.
type Projected struct {
	Sources []Source `json:"sources"`
}

// Source is one part of it; Token is there when it is a token for the API.
type Source struct {
	Token *Token `json:"serviceAccountToken,omitempty"`
}

// Token is a token for the API, by the name of its file.
type Token struct {
	Path string `json:"path"`
}
