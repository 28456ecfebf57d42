package k3sapi

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

// MaxKubeconfig is the longest kubeconfig that is read, in bytes. k3s's own has about 3 KiB.
const MaxKubeconfig = 64 << 10

// Access is who may reach which API: the part of a kubeconfig that k3s writes.
type Access struct {
	Server      string // "https://127.0.0.1:6443"
	CA          []byte // PEM: the certificates that the server's own is verified with
	Certificate []byte // PEM: the client's certificate, and those between it and the CA
	Key         []byte // PEM: its private key. It makes an administrator of whoever reads it
}

// kubeconfig is the file, as far as it is understood here: one cluster, one user by certificate, one context.
type kubeconfig struct {
	APIVersion     string         `json:"apiVersion"`
	Kind           string         `json:"kind"`
	Clusters       []namedCluster `json:"clusters"`
	Users          []namedUser    `json:"users"`
	Contexts       []namedContext `json:"contexts"`
	CurrentContext string         `json:"current-context"`
}

type namedCluster struct {
	Name    string `json:"name"`
	Cluster struct {
		Server string `json:"server"`
		CA     []byte `json:"certificate-authority-data"`
	} `json:"cluster"`
}

type namedUser struct {
	Name string `json:"name"`
	User struct {
		Certificate []byte `json:"client-certificate-data"`
		Key         []byte `json:"client-key-data"`
	} `json:"user"`
}

type namedContext struct {
	Name    string `json:"name"`
	Context struct {
		Cluster string `json:"cluster"`
		User    string `json:"user"`
	} `json:"context"`
}

// ParseKubeconfig reads a kubeconfig of the form that k3s writes. Nothing is taken over as it stands: certificates and
// key are decoded and encoded again, and have to belong together. Other fields, such as programs to run for a password,
// are left out. No error repeats anything of the content.
func ParseKubeconfig(data []byte) (Access, error) {
	if len(data) > MaxKubeconfig {
		return Access{}, fmt.Errorf("the kubeconfig is longer than %d KiB", MaxKubeconfig>>10)
	}
	var file kubeconfig
	if err := yaml.Unmarshal(data, &file); err != nil {
		return Access{}, errors.New("the kubeconfig is no YAML of the form that k3s writes")
	}
	if file.APIVersion != "v1" || file.Kind != "Config" || len(file.Clusters) != 1 || len(file.Users) != 1 {
		return Access{}, errors.New("the kubeconfig is not of the form that k3s writes: one cluster and one user of kind Config, version v1")
	}
	cluster, user := file.Clusters[0].Cluster, file.Users[0].User
	access := Access{Server: cluster.Server}
	var err error
	if err = checkServer(access.Server); err != nil {
		return Access{}, err
	}
	if access.CA, err = certificates(cluster.CA); err != nil {
		return Access{}, fmt.Errorf("certificate-authority-data: %w", err)
	}
	if access.Certificate, err = certificates(user.Certificate); err != nil {
		return Access{}, fmt.Errorf("client-certificate-data: %w", err)
	}
	if access.Key, err = privateKey(user.Key); err != nil {
		return Access{}, fmt.Errorf("client-key-data: %w", err)
	}
	if _, err := tls.X509KeyPair(access.Certificate, access.Key); err != nil {
		return Access{}, errors.New("client-key-data: the key is not that of the certificate")
	}
	return access, nil
}

// ReadAccess reads such a kubeconfig from a file.
func ReadAccess(path string) (Access, error) {
	f, err := os.Open(path)
	if err != nil {
		return Access{}, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxKubeconfig+1))
	if err != nil {
		return Access{}, err
	}
	access, err := ParseKubeconfig(data)
	if err != nil {
		return Access{}, fmt.Errorf("%s: %w", path, err)
	}
	return access, nil
}

// Kubeconfig writes the access as a kubeconfig in which cluster, user and context have the given name.
func (a Access) Kubeconfig(name string) ([]byte, error) {
	file := kubeconfig{APIVersion: "v1", Kind: "Config", CurrentContext: name}
	cluster, user, context := namedCluster{Name: name}, namedUser{Name: name}, namedContext{Name: name}
	cluster.Cluster.Server, cluster.Cluster.CA = a.Server, a.CA
	user.User.Certificate, user.User.Key = a.Certificate, a.Key
	context.Context.Cluster, context.Context.User = name, name
	file.Clusters, file.Users, file.Contexts = []namedCluster{cluster}, []namedUser{user}, []namedContext{context}
	return yaml.Marshal(file)
}

// checkServer wants https, a host, a port or none, and nothing else.
func checkServer(server string) error {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || server != "https://"+u.Host || strings.ContainsAny(u.Host, " \t\"'\\") {
		return errors.New("server: it is no address of the form https://HOST:PORT")
	}
	return nil
}

// certificates decodes PEM that holds X.509 certificates and nothing else, and encodes it again.
func certificates(data []byte) ([]byte, error) {
	var clean bytes.Buffer
	for rest := bytes.TrimSpace(data); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("it holds something else than certificates in PEM")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, errors.New("it holds a certificate that cannot be read")
		}
		if err := pem.Encode(&clean, &pem.Block{Type: block.Type, Bytes: block.Bytes}); err != nil {
			return nil, err
		}
	}
	if clean.Len() == 0 {
		return nil, errors.New("it holds no certificate")
	}
	return clean.Bytes(), nil
}

// privateKey decodes PEM that holds one private key without a password and nothing else, and encodes it again.
func privateKey(data []byte) ([]byte, error) {
	block, rest := pem.Decode(bytes.TrimSpace(data))
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("it does not hold one private key in PEM")
	}
	switch block.Type {
	case "EC PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY":
		return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}), nil
	}
	return nil, errors.New("it holds something else than a private key in PEM")
}
