package doctor

import "testing"

func TestVersionsAreComparedByNumber(t *testing.T) {
	for version, want := range map[string]bool{
		"9.0.0": true, "9.0": true, "9": true, "10.0.0": true, "9.1": true, "11.3.0-3": true, "9.0+dfsg": true,
		"8.99": false, "": false, "x.y": false, "-9.0": false, ".9": false,
	} {
		if got := versionAtLeast(version, 9, 0); got != want {
			t.Errorf("%q is at least 9.0: %v", version, got)
		}
	}
	if versionAtLeast("7.10", 7, 2) != true || versionAtLeast("7.1.9", 7, 2) != false {
		t.Error("7.10 is newer than 7.2, and 7.1.9 is older")
	}
}

func TestConfigurationIsReadAsLibvirtReadsIt(t *testing.T) {
	text := "# user = \"a\"\nuser = \"root\"\n\tgroup=kvm\nuser_x = \"b\"\nseccomp_sandbox = 0 # off\nlast = 1\nlast = 2\nlist = [ \"a\",\n \"b\" ]\n"
	for key, want := range map[string]string{
		"user": "root", "group": "kvm", "seccomp_sandbox": "0", "last": "2", "absent": "",
	} {
		if got := confValue(text, key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}

func TestTheNameOfTheSystemIsShort(t *testing.T) {
	for release, want := range map[string]string{
		"NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nPRETTY_NAME=x\n":           "Debian 13",
		"NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n": "Debian GNU/Linux forky/sid",
		"NAME=Fedora\nVERSION_ID=43\nPRETTY_NAME=\"Fedora Linux 43\"\n":           "Fedora Linux 43",
		"": "",
	} {
		if got := osName(release); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestMemoryIsInBytes(t *testing.T) {
	for meminfo, want := range map[string]uint64{
		"MemFree: 1 kB\nMemTotal:   2048 kB\n": 2 << 20, "MemTotal: x kB\n": 0, "MemTotal:\n": 0, "": 0,
	} {
		if got := memTotal(meminfo); got != want {
			t.Errorf("%q: %d, want %d", meminfo, got, want)
		}
	}
}
