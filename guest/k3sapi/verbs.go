package k3sapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Manager is the field manager of what holm applies.
const Manager = "holm"

// maxAnswer is the longest answer that is read, in bytes: a list of some thousand objects.
const maxAnswer = 16 << 20

// Get reads one object or list into out, nil to look only whether it may be read.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, nil, "", nil, out)
}

// Create makes an object; path is that of its collection. out, if not nil, gets the object as it was admitted.
func (c *Client) Create(ctx context.Context, path string, object, out any) error {
	return c.do(ctx, http.MethodPost, path, nil, "application/json", object, out)
}

// Replace makes an existing object exactly the given one. Without a resource version it replaces any.
func (c *Client) Replace(ctx context.Context, path string, object, out any) error {
	return c.do(ctx, http.MethodPut, path, nil, "application/json", object, out)
}

// Apply sees to it that the given fields have the given values (server-side apply): the object is made when there is
// none, fields that are not named stay, those that another manager set are taken over.
func (c *Client) Apply(ctx context.Context, path string, object, out any) error {
	query := url.Values{"fieldManager": {Manager}, "force": {"true"}}
	// JSON is YAML, which is what the API wants here.
	return c.do(ctx, http.MethodPatch, path, query, "application/apply-patch+yaml", object, out)
}

// Merge changes the fields that the patch names; null removes one (JSON merge patch).
func (c *Client) Merge(ctx context.Context, path string, patch, out any) error {
	return c.do(ctx, http.MethodPatch, path, url.Values{"fieldManager": {Manager}}, "application/merge-patch+json", patch, out)
}

// Delete removes an object, or all of a collection.
func (c *Client) Delete(ctx context.Context, path string) error {
	return c.do(ctx, http.MethodDelete, path, nil, "", nil, nil)
}

// do sends one request and reads its answer. An answer that says no is an *Error.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, contentType string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return refusal(method, path, resp)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s %s: %w", method, path, err)
	case len(data) > maxAnswer:
		return fmt.Errorf("%s %s: the answer is longer than %d MiB", method, path, maxAnswer>>20)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s %s: the answer cannot be read: %w", method, path, err)
	}
	return nil
}
