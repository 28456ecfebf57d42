package boot

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Args is what the host tells the guest on the kernel's command line.
type Args struct {
	DataBlocks uint64 // 4 KiB blocks of the root file system; the hash tree begins behind them
	RootHash   string // 64 hexadecimal digits
	Salt       string // hexadecimal, or "-" for none
	Untuned    bool   // leave units unmasked: only the benchmark asks for that
}

var (
	hash64  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	saltHex = regexp.MustCompile(`^(-|([0-9a-f]{2}){1,256})$`)
)

// VerityArg renders the argument that ParseArgs reads.
func VerityArg(blocks uint64, rootHash, salt string) string {
	return fmt.Sprintf("holm.verity=%d,%s,%s", blocks, rootHash, salt)
}

// ParseArgs reads holm's arguments out of a kernel command line. Without a root hash there is no boot.
func ParseArgs(cmdline string) (Args, error) {
	var a Args
	for word := range strings.FieldsSeq(cmdline) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "holm.verity":
			parts := strings.Split(value, ",")
			if len(parts) != 3 {
				return Args{}, fmt.Errorf("holm.verity=%q: want BLOCKS,ROOTHASH,SALT", value)
			}
			blocks, err := strconv.ParseUint(parts[0], 10, 40)
			if err != nil || blocks == 0 {
				return Args{}, fmt.Errorf("holm.verity: %q is no number of blocks", parts[0])
			}
			if !hash64.MatchString(parts[1]) {
				return Args{}, fmt.Errorf("holm.verity: %q is no root hash of 64 hexadecimal digits", parts[1])
			}
			if !saltHex.MatchString(parts[2]) {
				return Args{}, fmt.Errorf("holm.verity: %q is no salt", parts[2])
			}
			a.DataBlocks, a.RootHash, a.Salt = blocks, parts[1], parts[2]
		case "holm.untuned":
			a.Untuned = true
		}
	}
	if a.RootHash == "" {
		return Args{}, fmt.Errorf("the kernel command line carries no holm.verity=…: refusing to mount an unverified root")
	}
	return a, nil
}
