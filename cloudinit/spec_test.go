package cloudinit

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidateHostname(t *testing.T) {
	for _, name := range []string{"a", "web", "web-1", "x0", strings.Repeat("a", 63)} {
		if err := ValidateHostname(name); err != nil {
			t.Errorf("refused %q: %v", name, err)
		}
	}
	for title, name := range map[string]string{
		"empty":                     "",
		"64 bytes":                  strings.Repeat("a", 64),
		"64 KiB":                    strings.Repeat("a", 64<<10),
		"upper case":                "Web",
		"a digit first":             "1web",
		"a dash first":              "-web",
		"a dash last":               "web-",
		"a dot":                     "web.example",
		"a space":                   "bad name",
		"a slash":                   "../web",
		"a newline and a directive": "web\nruncmd: [reboot]",
		"a newline last":            "web\n",
		"YAML flow":                 "{web: 1}",
		"another script":            "øy",
		"bytes that are not UTF-8":  "web\xff",
		"localhost":                 "localhost",
	} {
		t.Run(title+" is refused", func(t *testing.T) { wantUsage(t, ValidateHostname(name)) })
	}
}

func TestValidateUser(t *testing.T) {
	for _, name := range []string{"ops", "_ops", "a", "kari-2", "o_1", "debian", strings.Repeat("a", 31)} {
		if err := ValidateUser(name); err != nil {
			t.Errorf("refused %q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "Ops", "1ops", "-ops", "o.ps", "o ps", "ops\n", "ops:0", "ops\nrunuser", "öps", strings.Repeat("a", 32),
		"root", "default", "nobody", "www-data", "sudo", "docker", "adm", "systemd-network", "systemd-anything", "_apt", "sshd", "_ssh", "holm",
	} {
		t.Run(quote(name)+" is refused", func(t *testing.T) { wantUsage(t, ValidateUser(name)) })
	}
}

func TestValidateProfile(t *testing.T) {
	for _, profile := range []string{ProfilePlain, ProfileDocker, ProfileK3s} {
		if err := ValidateProfile(profile); err != nil {
			t.Errorf("refused %q: %v", profile, err)
		}
	}
	for _, profile := range []string{"", "Docker", "docker\n", "podman"} {
		t.Run(quote(profile)+" is refused", func(t *testing.T) { wantUsage(t, ValidateProfile(profile)) })
	}
}

func TestValidateRefuses(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	for name, spoil := range map[string]func(*Spec){
		"an id of eleven digits":            func(s *Spec) { s.InstanceID = "0123456789a" },
		"an id with a newline":              func(s *Spec) { s.InstanceID = "0123456789ab\n" },
		"an upper-case id":                  func(s *Spec) { s.InstanceID = "0123456789AB" },
		"a bad host name":                   func(s *Spec) { s.Hostname = "a b" },
		"a bad user":                        func(s *Spec) { s.User = "root" },
		"no key":                            func(s *Spec) { s.AuthorizedKeys = nil },
		"a MAC of text":                     func(s *Spec) { s.MAC = "eth0" },
		"a MAC of eight bytes":              func(s *Spec) { s.MAC = "52:54:00:4e:11:0c:00:01" },
		"a multicast MAC":                   func(s *Spec) { s.MAC = "53:54:00:4e:11:0c" },
		"a MAC of zeros":                    func(s *Spec) { s.MAC = "00:00:00:00:00:00" },
		"no address":                        func(s *Spec) { s.Address = netip.Prefix{} },
		"an IPv6 address":                   func(s *Spec) { s.Address = prefix("2001:db8::1/64") },
		"an IPv4 address in IPv6's clothes": func(s *Spec) { s.Address = netip.PrefixFrom(addr("::ffff:10.77.0.12"), 24) },
		"an address without a subnet":       func(s *Spec) { s.Address = prefix("10.77.0.12/32") },
		"the network's address":             func(s *Spec) { s.Address = prefix("10.77.0.0/24") },
		"the broadcast address":             func(s *Spec) { s.Address = prefix("10.77.0.255/24") },
		"a loopback address":                func(s *Spec) { s.Address, s.Gateway = prefix("127.0.0.2/24"), addr("127.0.0.1") },
		"a multicast address":               func(s *Spec) { s.Address, s.Gateway = prefix("224.0.0.2/24"), addr("224.0.0.1") },
		"no gateway":                        func(s *Spec) { s.Gateway = netip.Addr{} },
		"a gateway outside the subnet":      func(s *Spec) { s.Gateway = addr("10.78.0.1") },
		"itself as gateway":                 func(s *Spec) { s.Gateway = s.Address.Addr() },
		"no profile":                        func(s *Spec) { s.Profile = "" },
		"a module with a newline":           func(s *Spec) { s.Modules = &Modules{Final: []string{"ssh\nruncmd"}} },
		"65 modules":                        func(s *Spec) { s.Modules = &Modules{Init: slices.Repeat([]string{"ssh"}, 65)} },
	} {
		t.Run(name, func(t *testing.T) {
			spec := exampleSpec(ProfileDocker)
			spoil(&spec)
			wantUsage(t, spec.Validate())
			if seed, err := Render(spec); err == nil || !cmp.Equal(seed, Seed{}) {
				t.Errorf("Render made a seed of it: %v", err)
			}
		})
	}
}

func TestTheNamesOfAnAPIAreNamesAndAddresses(t *testing.T) {
	if err := ValidateAPINames(ProfileK3s, []string{"kube", "kube.example.org", "198.51.100.7", "2001:db8::7"}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "Kube", "kube.", ".org", "a b", "a\nb", "*.example.org", "fe80::1%eth0", "https://kube", "kube:6443", strings.Repeat("a.", 130) + "org"} {
		t.Run(quote(name)+" is refused", func(t *testing.T) { wantUsage(t, ValidateAPINames(ProfileK3s, []string{name})) })
	}
	wantUsage(t, ValidateAPINames(ProfileK3s, slices.Repeat([]string{"kube"}, 9)))
}

// The host's own key is not the user's: it has a file of root's.
func TestTheHostsKeyIsKeptApart(t *testing.T) {
	spec := exampleSpec(ProfilePlain)
	spec.OwnKey, spec.AuthorizedKeys, spec.Address6, spec.Gateway6 = ed25519Key, nil, netip.MustParsePrefix("2001:db8::c/64"), netip.MustParseAddr("2001:db8::1")
	data := parse(t, render(t, spec).UserData)
	if keys, there := data["users"].([]any)[0].(map[string]any)["ssh_authorized_keys"]; there {
		t.Errorf("the user was given %v", keys)
	}
	content := map[string]string{}
	for _, f := range data["write_files"].([]any) {
		file := f.(map[string]any)
		content[file["path"].(string)], _ = file["content"].(string)
	}
	if got := content["/etc/ssh/holm/"+spec.User]; !strings.HasPrefix(got, strings.Join(strings.Fields(ed25519Key)[:2], " ")) {
		t.Errorf("its file holds %q", got)
	}
	for _, want := range []string{"AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/holm/%u\n", " [2001:db8::c]:*\n", ",2001:db8::1\n"} {
		if got := content["/etc/ssh/sshd_config.d/05-holm-instance.conf"]; !strings.Contains(got, want) {
			t.Errorf("sshd is not told %q: %s", want, got)
		}
	}
}

// FuzzRender: whatever the values, what is accepted gives documents of exactly the structure that was meant.
func FuzzRender(f *testing.F) {
	f.Add("web", "ops", ed25519Key, "52:54:00:4e:11:0c", ProfileDocker)
	f.Add("no", "y", ecdsaKey, "12:34:56:12:34:56", ProfilePlain)
	f.Add("web\nruncmd: [reboot]", "ops", ed25519Key, "52:54:00:4e:11:0c", ProfileDocker)
	f.Add("web", "ops: {sudo: x}", ed25519Key+"\n- x", "52-54-00-4e-11-0c", ProfileK3s)
	f.Add("null", "null", ed25519Key+" #: {}[]&*!|>'\"%@`", "5254.004e.110c", "docker\x00")
	f.Fuzz(func(t *testing.T, hostname, user, key, mac, profile string) {
		spec := exampleSpec(profile)
		spec.Hostname, spec.User, spec.MAC, spec.AuthorizedKeys = hostname, user, mac, []string{key, ecdsaKey}
		seed, err := Render(spec)
		if err != nil {
			return
		}
		data := parse(t, seed.UserData)
		want := parse(t, render(t, exampleSpec(ProfilePlain)).UserData)
		if diff := cmp.Diff(shape(want), shape(data)); diff != "" {
			t.Fatalf("the structure of user-data changed:\n%s\n%s", diff, seed.UserData)
		}
		account := data["users"].([]any)[0].(map[string]any)
		if data["hostname"] != hostname || account["name"] != user {
			t.Fatalf("a value changed on its way:\n%s", seed.UserData)
		}
		if keys := account["ssh_authorized_keys"].([]any); len(keys) > 2 || !strings.HasPrefix(keys[0].(string), strings.Fields(key)[0]) {
			t.Fatalf("keys changed on their way: %q", keys)
		}
		parse(t, seed.MetaData)
		parse(t, seed.NetworkConfig)
	})
}

// shape reduces a document to its keys and the kinds of its values; lists of text are of one kind whatever their length.
func shape(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			out[key] = shape(inner)
		}
		return out
	case []any:
		if len(v) == 0 {
			return "list"
		}
		return []any{shape(v[0])}
	case string:
		return "text"
	case bool:
		return v
	default:
		return "other"
	}
}
