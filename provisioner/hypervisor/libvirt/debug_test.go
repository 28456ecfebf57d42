package libvirt

import (
	"bytes"
	"regexp"
	"testing"

	"holm/internal/debuglog"
)

func TestCallsThatWaitAreToldToTheDebugLog(t *testing.T) {
	h := testHost(t)
	const uuid = "6a1f7d0e-3a3c-4a37-9df5-0c1b5f1d7c11"
	var log bytes.Buffer
	ctx := debuglog.With(t.Context(), debuglog.New(&log))
	if err := h.Define(ctx, testDomain(t)("holm.acme.web", uuid)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		do   func() error
		want string
	}{
		{"a start", func() error { return h.Start(ctx, uuid) }, `call="start domain ` + uuid + `" took=\S+s\n$`},
		{"a second one", func() error { return h.Start(ctx, uuid) }, `call="start domain ` + uuid + `" took=\S+s\n$`},
		{"an absent one", func() error { _, err := h.LiveXML(ctx, "6a1f7d0e-3a3c-4a37-9df5-0c1b5f1d7c12"); return err }, `call="describe running domain \S+7c12" took=\S+s error="describe .*"\n$`},
		{"a key", func() error { return h.SetSecret(ctx, uuid, "/p/holm/v.qcow2", []byte("hunter2")) }, `call="give libvirt the key of volume /p/holm/v.qcow2" took=.*\n$`},
	} {
		log.Reset()
		_ = tc.do()
		if got := log.String(); !regexp.MustCompile(`^time=\S+ msg=libvirt `+tc.want).MatchString(got) || bytes.Contains(log.Bytes(), []byte("hunter2")) {
			t.Errorf("%s: told %q, want %s", tc.name, got, tc.want)
		}
	}
}
