package image

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"holm/cmd/holm/cli"
	"holm/images"
	"holm/internal/fault"
)

// k3sOptions are what makes an image one that can be a Kubernetes node.
type k3sOptions struct {
	binary  string
	sums    string // 64 hexadecimal digits, or a file as sha256sum writes it
	bundles []string
}

func (o *k3sOptions) flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.binary, "k3s", "", "bake this k3s program in: a `FILE`")
	flags.StringVar(&o.sums, "k3s-sha256", "", "its `SHA256`, or the file of its release that lists them: sha256sum-amd64.txt")
	flags.StringArrayVar(&o.bundles, "k3s-images", nil,
		"bake this bundle of images in: a `FILE` that --k3s-sha256's file lists; can be repeated")
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// inputs returns what to bake in, or nil for nothing.
func (o *k3sOptions) inputs() (*images.K3s, error) {
	if o.binary == "" {
		if o.sums != "" || len(o.bundles) > 0 {
			return nil, fault.New(fault.Usage, "name the program, too: --k3s FILE", "--k3s-sha256 and --k3s-images go with --k3s")
		}
		return nil, nil
	}
	if o.sums == "" {
		return nil, fault.New(fault.Usage, "add --k3s-sha256 sha256sum-amd64.txt, from the same release",
			"--k3s needs --k3s-sha256: what is not verified is not baked in")
	}
	sum, err := o.list()
	if err != nil {
		return nil, err
	}
	k := &images.K3s{}
	if k.Binary, err = sum(o.binary); err != nil {
		return nil, err
	}
	for _, file := range o.bundles {
		in, err := sum(file)
		if err != nil {
			return nil, err
		}
		k.Images = append(k.Images, in)
	}
	return k, nil
}

// list returns what finds the hash of a file by its name. A single hash is the program's.
func (o *k3sOptions) list() (func(file string) (images.Input, error), error) {
	byName := map[string]string{}
	where := "--k3s-sha256"
	if sha256Form.MatchString(o.sums) {
		byName[filepath.Base(o.binary)] = o.sums
	} else {
		where = o.sums
		f, err := os.Open(o.sums)
		if err != nil {
			return nil, fault.New(fault.Usage, "give 64 hexadecimal digits, or the release's sha256sum-amd64.txt", "--k3s-sha256: %w", err)
		}
		defer func() { _ = f.Close() }()
		if byName, err = readSums(f); err != nil {
			return nil, fault.New(fault.Usage, "give the release's sha256sum-amd64.txt", "--k3s-sha256 %s: %w", o.sums, err)
		}
	}
	return func(file string) (images.Input, error) {
		sum, ok := byName[filepath.Base(file)]
		if !ok {
			return images.Input{}, fault.New(fault.Usage, "give the sha256sum-amd64.txt of its release: --k3s-sha256 FILE",
				"%s has no SHA-256 for %s", where, cli.Quoted(filepath.Base(file)))
		}
		return images.Input{Path: file, SHA256: sum}, nil
	}, nil
}

// readSums reads the lines of sha256sum: a hash, a blank, a blank or "*", a name. Others do not count.
func readSums(r io.Reader) (map[string]string, error) {
	const most = 1 << 20
	sums := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(r, most))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), " ")
		if ok && len(name) > 1 && sha256Form.MatchString(sum) {
			sums[filepath.Base(name[1:])] = sum
		}
	}
	return sums, lines.Err()
}
