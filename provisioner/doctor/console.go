package doctor

import (
	"context"
	"errors"
	"io/fs"
	"strconv"

	"holm/internal/term"
)

const virtlogdConf = "/etc/libvirt/virtlogd.conf"

// What virtlogd keeps of each console unless its configuration says otherwise, and the most that is called a bound.
const (
	keptBytes = 2 << 20 // in one file
	keptFiles = 3       // besides the one that is written
	maxKept   = 1 << 30 // of one instance
)

// checkConsole sees that what a guest writes to its console does not grow without end: QEMU hands it to virtlogd, which throws
// the oldest away.
func checkConsole(_ context.Context, e *env) Result {
	conf := map[string]string{}
	for _, path := range []string{qemuConf, virtlogdConf} {
		text, err := e.read(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return warn("sudo holm doctor", "%s %s", path, plain(err))
		}
		conf[path] = text
	}
	if confValue(conf[qemuConf], "stdio_handler") == "file" {
		return warn("sed -i 's/^stdio_handler.*/stdio_handler = \"logd\"/' "+qemuConf+" && "+e.reload(),
			"%s has QEMU write consoles to files by itself: a guest can fill this file system", qemuConf)
	}
	size, sizeOK := confNumber(conf[virtlogdConf], "max_size", keptBytes)
	files, filesOK := confNumber(conf[virtlogdConf], "max_backups", keptFiles)
	if !sizeOK || !filesOK || size == 0 || size > maxKept/(files+1) {
		return warn(`sed -i '/^\s*max_\(size\|backups\)\b/d' `+virtlogdConf+" && pkill -USR1 virtlogd",
			"%s bounds no console's log by %s: a guest can fill this file system", virtlogdConf, term.Bytes(maxKept))
	}
	return ok("%s are kept of what each instance writes to its console", term.Bytes(size*(files+1)))
}

// confNumber is confValue of a number that is unset, or not negative and no larger than 32 bits.
func confNumber(text, key string, unset uint64) (uint64, bool) {
	value := confValue(text, key)
	if value == "" {
		return unset, true
	}
	const bits = 32
	n, err := strconv.ParseUint(value, 10, bits)
	return n, err == nil
}
