package environment

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"holm/guest/report"
)

// Docker is what of an environment concerns rootless Docker. The agent writes it for the instance's user, whose own daemon
// and client are given it as they start.
type Docker struct {
	Mirrors []string `json:"mirrors,omitempty"`
	Search  []string `json:"search,omitempty"`
	HTTP    string   `json:"http,omitempty"`
	HTTPS   string   `json:"https,omitempty"`
	Not     string   `json:"not,omitempty"`
}

// ForDocker picks it out. Search domains are told besides: rootless Docker's own resolv.conf has none.
func ForDocker(e report.Environment) Docker {
	// Without its spare room: an empty list is none.
	d := Docker{Mirrors: append([]string(nil), e.Mirrors...), Search: append([]string(nil), e.Search...)}
	if e.Proxy != nil {
		d.HTTP, d.HTTPS, d.Not = e.Proxy.HTTP, e.Proxy.HTTPS, notThrough(e.Proxy)
	}
	return d
}

// SameButMirrors tells whether nothing differs that dockerd reads only as it starts.
func (d Docker) SameButMirrors(other Docker) bool {
	return slices.Equal(d.Search, other.Search) && d.HTTP == other.HTTP && d.HTTPS == other.HTTPS && d.Not == other.Not
}

// daemonProxies is "proxies" in dockerd's daemon.json.
type daemonProxies struct {
	HTTP  string `json:"http-proxy,omitempty"`
	HTTPS string `json:"https-proxy,omitempty"`
	Not   string `json:"no-proxy,omitempty"`
}

// clientProxy is one of "proxies" in docker's config.json: of containers, and of what builds run.
type clientProxy struct {
	HTTP  string `json:"httpProxy,omitempty"`
	HTTPS string `json:"httpsProxy,omitempty"`
	Not   string `json:"noProxy,omitempty"`
}

// Daemon adds to a daemon.json what the host told. What the owner has set there is the owner's.
func (d Docker) Daemon(settings []byte) ([]byte, error) {
	doc := map[string]json.RawMessage{}
	if err := json.Unmarshal(settings, &doc); err != nil {
		return nil, err
	}
	told := map[string]any{}
	if len(d.Mirrors) > 0 {
		told["registry-mirrors"] = d.Mirrors
	}
	if len(d.Search) > 0 {
		told["dns-search"] = d.Search
	}
	if d.HTTP+d.HTTPS != "" {
		told["proxies"] = daemonProxies{d.HTTP, d.HTTPS, d.Not}
	}
	for name, value := range told {
		if _, owned := doc[name]; owned {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		doc[name] = text
	}
	return encodeObject(doc)
}

// Client puts the proxy into the user's config.json as that of all containers and builds. Before is what was put there the
// last time: what is not that is the user's own and stays. It returns the file as it shall be and what was put there now, "" for nothing.
func (d Docker) Client(config []byte, before string) (after []byte, put string, err error) {
	const of, all = "proxies", "default"
	doc, proxies := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &doc); err != nil {
			return nil, "", err
		}
	}
	if doc == nil {
		doc = map[string]json.RawMessage{} // the file says null
	}
	if text, ok := doc[of]; ok {
		if err := json.Unmarshal(text, &proxies); err != nil {
			return nil, "", fmt.Errorf("%s: %w", of, err)
		}
	}
	if d.HTTP+d.HTTPS != "" {
		text, err := json.Marshal(clientProxy{d.HTTP, d.HTTPS, d.Not})
		if err != nil {
			return nil, "", err
		}
		put = string(text)
	}
	there, taken := proxies[all]
	if taken && !sameJSON(there, before) && !sameJSON(there, put) || put == "" && before == "" {
		return config, before, nil
	}
	if sameJSON(there, put) {
		return config, put, nil
	}
	after, err = encodeObject(withEntry(doc, of, withEntry(proxies, all, put)))
	return after, put, err
}

// withEntry returns an object with one entry more, or without it when there is nothing to say.
func withEntry[T string | map[string]json.RawMessage](doc map[string]json.RawMessage, name string, value T) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	maps.Copy(out, doc)
	delete(out, name)
	if len(value) == 0 {
		return out
	}
	switch v := any(value).(type) {
	case string:
		out[name] = json.RawMessage(v)
	case map[string]json.RawMessage:
		out[name], _ = json.Marshal(v) // parts that were parsed
	}
	return out
}

func sameJSON(a json.RawMessage, b string) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal([]byte(b), &right) == nil && fmt.Sprint(left) == fmt.Sprint(right)
}

// encodeObject writes an object as people do who edit such files.
func encodeObject(doc map[string]json.RawMessage) ([]byte, error) {
	text, err := json.MarshalIndent(doc, "", "\t")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
