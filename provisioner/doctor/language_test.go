package doctor

import (
	"errors"
	"strings"
	"testing"
)

func TestALibvirtThatSpeaksAnotherLanguageIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		environ string
		status  Status
		says    string
	}{
		"nothing is set":                   {"PATH=/usr/bin", OK, "speaks English"},
		"C":                                {"LANG=C", OK, "speaks English"},
		"C in UTF-8, whatever is besides":  {"LANG=de_DE.UTF-8\x00LC_ALL=C.UTF-8\x00LANGUAGE=de", OK, "speaks English"},
		"POSIX":                            {"LC_MESSAGES=POSIX\x00LANG=nb_NO.UTF-8", OK, "speaks English"},
		"English":                          {"LANG=en_GB.UTF-8", OK, "speaks English"},
		"Norwegian":                        {"LANG=nb_NO.UTF-8", Warn, "nb_NO.UTF-8"},
		"messages alone":                   {"LANG=C\x00LC_MESSAGES=sv_SE", Warn, "sv_SE"},
		"the language goes before":         {"LANG=en_US.UTF-8\x00LANGUAGE=fr:en", Warn, `"fr"`},
		"an order that begins with ours":   {"LANG=de_DE.UTF-8\x00LANGUAGE=en:de", OK, "speaks English"},
		"a language that begins as ours":   {"LANG=eng", Warn, "eng"},
		"something that is not one's word": {"LANG=\x1b[2J", Warn, `\x1b[2J`},
	} {
		t.Run(name, func(t *testing.T) {
			h := healthyHost(t)
			h.write("/run/libvirtd.pid", "812")
			h.write("/proc/812/comm", "libvirtd\n")
			h.write("/proc/812/environ", c.environ+"\x00")
			got := h.check("libvirt-language")
			if got.Status != c.status || !strings.Contains(got.Found, c.says) {
				t.Errorf("%+v", got)
			}
			if c.status == Warn && !strings.Contains(got.Remedy, "libvirtd.service.d/language.conf && systemctl daemon-reload && systemctl restart libvirtd") {
				t.Errorf("the remedy is %q", got.Remedy)
			}
		})
	}
}

func TestOnlyLibvirtsOwnLanguageIsJudged(t *testing.T) {
	h := healthyHost(t)
	h.write("/run/libvirtd.pid", "812")
	h.write("/proc/812/comm", "vim\n")
	h.write("/proc/812/environ", "LANG=de_DE\x00")
	if got := h.check("libvirt-language"); got.Status != OK {
		t.Errorf("another process: %+v", got)
	}
	h.write("/run/virtqemud.pid", "813")
	h.write("/proc/813/comm", "virtqemud\n")
	h.write("/proc/813/environ", "LANG=de_DE\x00")
	if got := h.check("libvirt-language"); got.Status != Warn || !strings.Contains(got.Remedy, "virtqemud") {
		t.Errorf("another daemon of libvirt's: %+v", got)
	}
	h.remove("/run/systemd/system")
	if got := h.check("libvirt-language"); !strings.Contains(got.Remedy, "LC_ALL=C virtqemud -d") {
		t.Errorf("without systemd: %+v", got)
	}
	h.down = errors.New("refused")
	if got := h.check("libvirt-language"); got.Status != OK {
		t.Errorf("no libvirt: %+v", got)
	}
}
