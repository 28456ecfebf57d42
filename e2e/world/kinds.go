package world

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// kind is one of the images: what it has besides the packages, and how it runs.
type kind struct {
	name   string
	files  []file
	config v1.Config
}

// file is one of them; a folder's path ends in a slash.
type file struct {
	path    string
	mode    int64
	owner   int
	content string
}

// Debian's packages make their users when they are configured, which these never are.
const (
	users = "root:x:0:0::/:/bin/sh\npostgres:x:70:70::/:/bin/sh\nredis:x:71:71::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n" +
		"nobody:x:65534:65534::/:/bin/sh\n"
	groups = "root:x:0:\npostgres:x:70:\nredis:x:71:\nwww-data:x:33:\nadm:x:4:\nnogroup:x:65534:\n"
)

const nginxConf = `worker_processes 1;
error_log stderr;
pid /run/nginx.pid;
events {}
http {
	access_log off;
	default_type text/plain;
	server {
		listen 80;
		listen [::]:80;
		root /srv;
		location = /who { return 200 "client $remote_addr\n"; }
	}
}
`

// startPostgres makes the database when the volume is new.
const startPostgres = `#!/bin/sh
set -eu
umask 077
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	echo "$POSTGRES_PASSWORD" >/tmp/password
	initdb --no-sync -E UTF8 --locale=C -A scram-sha-256 -U postgres --pwfile=/tmp/password -D "$PGDATA"
	rm /tmp/password
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec postgres -D "$PGDATA" -c "listen_addresses=*" -c unix_socket_directories=/tmp -c jit=off
`

func kinds() []kind {
	path := "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	return []kind{
		{name: "busybox", config: v1.Config{Env: []string{path}, Cmd: []string{"sh"}}},
		{
			name: "nginx",
			files: []file{
				{"etc/nginx/nginx.conf", 0o644, 0, nginxConf},
				{"srv/", 0o755, 0, ""},
				{"srv/index.html", 0o644, 0, "hello\n"},
				{"var/lib/nginx/", 0o755, 33, ""},
			},
			config: v1.Config{Env: []string{path}, Cmd: []string{"nginx", "-g", "daemon off;"}, ExposedPorts: map[string]struct{}{"80/tcp": {}}},
		},
		{
			name:  "postgres",
			files: []file{{"usr/local/bin/start", 0o755, 0, startPostgres}, {"data/", 0o700, 70, ""}},
			config: v1.Config{
				Env: []string{path, "PGDATA=/data/db"}, Entrypoint: []string{"start"}, User: "70:70",
				Volumes: map[string]struct{}{"/data": {}}, ExposedPorts: map[string]struct{}{"5432/tcp": {}},
			},
		},
		{
			name:  "redis",
			files: []file{{"data/", 0o700, 71, ""}},
			config: v1.Config{
				Env: []string{path}, User: "71:71", Volumes: map[string]struct{}{"/data": {}}, ExposedPorts: map[string]struct{}{"6379/tcp": {}},
				Cmd: []string{"redis-server", "--dir", "/data", "--appendonly", "yes", "--protected-mode", "no", "--bind", "*"},
			},
		},
	}
}

// layer holds the kind's own files.
func (k kind) layer() (v1.Layer, error) {
	files := append([]file{
		{"etc/passwd", 0o644, 0, users}, {"etc/group", 0o644, 0, groups}, {"tmp/", 0o1777, 0, ""}, {"run/", 0o755, 0, ""}, {"etc/", 0o755, 0, ""},
	}, k.files...)
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		h := tar.Header{Name: f.path, Mode: f.mode, Uid: f.owner, Gid: f.owner, Size: int64(len(f.content)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.path, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}
