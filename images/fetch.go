package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"time"

	"holm/internal/fault"
)

// fetchWithin bounds one download: some 300 MB on a slow line.
const fetchWithin = 30 * time.Minute

// checkURL accepts what can be downloaded without anybody on the way changing it unseen or learning a password.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || urlBase(text) == "" {
		return fault.New(fault.Usage, "use https://HOST/PATH/FILE", "%q is no URL to download from", text)
	}
	return nil
}

// urlBase is the file name that a URL ends in, or "".
func urlBase(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	if base := path.Base(u.Path); base != "." && base != "/" {
		return base
	}
	return ""
}

// fetch downloads a URL into a new file in dir and returns the file's path. What the bytes are is for the caller to
// check.
func fetch(ctx context.Context, from, dir string) (file string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fault.New(fault.DownloadFailed, "give a local file instead: --k3s FILE", "download: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return "", fault.New(fault.DownloadFailed, "give a local file instead: --k3s FILE", "download %s: %s", from, answer.Status)
	}
	to, err := os.CreateTemp(dir, "fetch-")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, io.LimitReader(answer.Body, maxInput))
	if err = errors.Join(err, to.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("download %s: %w", from, err), os.Remove(to.Name()))
	}
	return to.Name(), nil
}
