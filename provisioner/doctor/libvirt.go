package doctor

import (
	"cmp"
	"context"
	"strconv"
	"strings"
)

func checkLibvirt(_ context.Context, e *env) Result {
	info, err := e.libvirt()
	if err != nil {
		return fail(e.startLibvirt(), "%s does not answer: %v", e.Connect, err)
	}
	if !versionAtLeast(info.LibvirtVersion, 9, 0) {
		return fail("apt-get update && "+install("libvirt-daemon-system")+"   # Debian 12 or newer",
			"version %s at %s is older than 9.0", info.LibvirtVersion, e.Connect)
	}
	return ok("version %s answers at %s", info.LibvirtVersion, e.Connect)
}

func (e *env) startLibvirt() string {
	_, err := e.Look("libvirtd")
	switch {
	case err != nil:
		return install("libvirt-daemon-system")
	case e.Probes.Euid() != 0:
		return "sudo holm doctor"
	case e.systemd():
		return "systemctl enable --now libvirtd"
	default:
		return "virtlogd -d; libvirtd -d"
	}
}

// daemons are what libvirt's QEMU driver may be a part of.
var daemons = []string{"libvirtd", "virtqemud"}

// checkLanguage: libvirt translates what it says into the language of its daemon. Holm decides nothing by it, but repeats it, and
// people look for what they read.
func checkLanguage(_ context.Context, e *env) Result {
	if _, err := e.libvirt(); err != nil {
		return ok("libvirt does not answer, in whatever language")
	}
	for _, daemon := range daemons {
		pid, err := strconv.Atoi(e.value("/run/" + daemon + ".pid"))
		if err != nil || e.value("/proc/"+strconv.Itoa(pid)+"/comm") != daemon {
			continue
		}
		text, err := e.read("/proc/" + strconv.Itoa(pid) + "/environ")
		if err != nil {
			return warn("sudo holm doctor", "what %s was told of languages: %s", daemon, plain(err))
		}
		locale := messagesOf(text)
		if english(locale) {
			return ok("%s speaks English", daemon)
		}
		return warn(e.speakEnglish(daemon), "%s speaks the language of its locale, %.40q: its errors are found nowhere", daemon, locale)
	}
	return ok("no daemon of libvirt's is known by its pid file")
}

// messagesOf is the locale that a process's messages are in, by its environment: locale(7).
func messagesOf(environ string) string {
	set := map[string]string{}
	for one := range strings.SplitSeq(environ, "\x00") {
		name, value, _ := strings.Cut(one, "=")
		set[name] = value
	}
	locale := cmp.Or(set["LC_ALL"], set["LC_MESSAGES"], set["LANG"])
	// LANGUAGE goes before, but only for who has a language at all.
	if first, _, _ := strings.Cut(set["LANGUAGE"], ":"); first != "" && !plainLocale(locale) {
		return first
	}
	return locale
}

// plainLocale is one in which nothing is translated.
func plainLocale(locale string) bool {
	name, _, _ := strings.Cut(locale, ".")
	return name == "" || name == "C" || name == "POSIX"
}

func english(locale string) bool {
	return plainLocale(locale) || locale == "en" || strings.HasPrefix(locale, "en_") || strings.HasPrefix(locale, "en.")
}

func (e *env) speakEnglish(daemon string) string {
	if !e.systemd() {
		return "kill $(cat /run/" + daemon + ".pid); LC_ALL=C " + daemon + " -d"
	}
	dir := "/etc/systemd/system/" + daemon + ".service.d"
	return "mkdir -p " + dir + ` && printf '[Service]\nEnvironment=LC_ALL=C\nUnsetEnvironment=LANGUAGE\n' >` + dir +
		"/language.conf && systemctl daemon-reload && systemctl restart " + daemon
}
