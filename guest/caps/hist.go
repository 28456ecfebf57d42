package caps

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
)

// use is that a thread was granted a capability at least once.
type use struct {
	thread int // as the guest's root sees it
	name   string
	cap    int
}

// noAudit is CAP_OPT_NOAUDIT: the kernel only wanted to know, nobody needed it.
const noAudit = 2

// histLine is "{ common_pid: sshd [ 123], cap: 7, opts: 0 } hitcount: 3".
var histLine = regexp.MustCompile(`^\{ common_pid: (.{1,16}?) *\[ *(\d{1,10})\], cap: *(\d{1,3}), opts: *(\d{1,3}) \} hitcount:`)

// parseHist reads a histogram as the kernel prints it. Lines of another form do not count: a process may choose its name.
func parseHist(r io.Reader) ([]use, error) {
	var all []use
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		m := histLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		thread, threadErr := strconv.Atoi(m[2])
		number, capErr := strconv.Atoi(m[3])
		opts, optsErr := strconv.Atoi(m[4])
		if threadErr != nil || capErr != nil || optsErr != nil || number >= len(names) || opts&noAudit != 0 {
			continue
		}
		all = append(all, use{thread: thread, name: m[1], cap: number})
	}
	return all, lines.Err()
}
