package k3sapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Error is the API's own no.
type Error struct {
	Method, Path string
	Code         int    // of HTTP: 403
	Reason       string // a word for programs: "Forbidden", "AlreadyExists", "Expired"
	Message      string // a sentence for people, as the API wrote it
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %d %s: %s", e.Method, e.Path, e.Code, e.Reason, e.Message)
}

// status is the API's object of that name.
type status struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Code    int    `json:"code"`
}

// maxRefusal is how much is read of an answer that says no, in bytes.
const maxRefusal = 64 << 10

func refusal(method, path string, resp *http.Response) error {
	e := &Error{Method: method, Path: path, Code: resp.StatusCode, Reason: http.StatusText(resp.StatusCode)}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return e
	}
	var s status
	if json.Unmarshal(data, &s) != nil {
		return e
	}
	e.Message = s.Message
	if s.Reason != "" {
		e.Reason = s.Reason
	}
	return e
}

// Code is the HTTP code of the API's no, 0 for any other error and for none.
func Code(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}
