package k3stest

import (
	"encoding/json"
	"iter"
	"maps"
	"regexp"
	"strings"
)

func keys(m map[string]object) iter.Seq[string] { return maps.Keys(m) }

var (
	inNamespace = regexp.MustCompile(`^(/api/v1|/apis/[^/]+/v1)/namespaces/([^/]+)/([^/]+)(/([^/]+))?$`)
	plural      = regexp.MustCompile(`(s|ies)$`)
)

// collection tells whether a path is that of a collection, not of an object in it.
func collection(path string) bool {
	if m := inNamespace.FindStringSubmatch(path); m != nil {
		return m[4] == ""
	}
	return strings.Count(strings.TrimPrefix(path, "/apis"), "/") <= 3 && plural.MatchString(path)
}

// belongs tells whether an object is in a collection, which may be that of one namespace or of all.
func belongs(path, collection string) bool {
	if dir, _, ok := cutLast(path); ok && dir == collection {
		return true
	}
	m := inNamespace.FindStringSubmatch(path)
	return m != nil && m[5] != "" && m[1]+"/"+m[3] == collection
}

// parentOf is the path of the namespace that an object is in, "" for one that is in none.
func parentOf(path string) string {
	if m := inNamespace.FindStringSubmatch(path); m != nil && m[5] != "" {
		return "/api/v1/namespaces/" + m[2]
	}
	return ""
}

func cutLast(path string) (dir, base string, ok bool) {
	i := strings.LastIndex(path, "/")
	if i < 0 {
		return "", "", false
	}
	return path[:i], path[i+1:], true
}

func name(o object) string { return metadata(o, "name") }
func uid(o object) string  { return metadata(o, "uid") }

func metadata(o object, field string) string {
	meta, _ := o["metadata"].(object)
	text, _ := meta[field].(string)
	return text
}

// merged is a JSON merge patch.
func merged(old, patch object) object {
	result := clone(old)
	for key, value := range patch {
		inner, isObject := value.(object)
		switch {
		case value == nil:
			delete(result, key)
		case isObject:
			before, _ := result[key].(object)
			result[key] = merged(before, inner)
		default:
			result[key] = value
		}
	}
	return result
}

func clone(o object) object {
	if o == nil {
		return object{}
	}
	data, err := json.Marshal(o)
	if err != nil {
		return object{}
	}
	var c object
	if json.Unmarshal(data, &c) != nil {
		return object{}
	}
	return c
}
