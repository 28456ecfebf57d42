package k3sapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The kinds of event.
const (
	Added    = "ADDED"
	Modified = "MODIFIED"
	Deleted  = "DELETED"
	bookmark = "BOOKMARK"
	failure  = "ERROR"
)

// maxEvent is the longest event, in bytes. The largest object that the API stores has 1.5 MiB.
const maxEvent = 4 << 20

// Event is one change of one object.
type Event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// Watch tells each of every change in a collection since the resource version, in order, until the server ends it after
// about the given time (nil), or until an error: that of each, or of code 410 when the version is too old to go on from.
func (c *Client) Watch(ctx context.Context, path, version string, last time.Duration, each func(Event) error) error {
	ctx, cancel := context.WithTimeout(ctx, last+answerWithin)
	defer cancel()
	query := url.Values{
		"watch": {"true"}, "resourceVersion": {version}, "allowWatchBookmarks": {"false"},
		"timeoutSeconds": {strconv.Itoa(max(1, int(last.Seconds())))},
	}
	req, err := c.request(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return refusal("WATCH", path, resp)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 16<<10), maxEvent)
	for lines.Scan() {
		if err := tell(path, lines.Bytes(), each); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("WATCH %s: %w", path, err)
	}
	return nil
}

// tell reads one event and hands it on.
func tell(path string, line []byte, each func(Event) error) error {
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return fmt.Errorf("WATCH %s: the event cannot be read: %w", path, err)
	}
	switch e.Type {
	case Added, Modified, Deleted:
		return each(e)
	case bookmark:
		return nil
	case failure:
		var s status
		if err := json.Unmarshal(e.Object, &s); err != nil {
			return fmt.Errorf("WATCH %s: the error cannot be read: %w", path, err)
		}
		return &Error{Method: "WATCH", Path: path, Code: s.Code, Reason: s.Reason, Message: s.Message}
	}
	return fmt.Errorf("WATCH %s: there is no event %q", path, e.Type)
}
