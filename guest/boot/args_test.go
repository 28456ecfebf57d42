package boot

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	hash = strings.Repeat("0123456789abcdef", 4)
	salt = strings.Repeat("ab", 32)
)

func TestParseArgsReadsWhatTheHostSays(t *testing.T) {
	plain := Args{DataBlocks: 7, RootHash: hash, Salt: "-"}
	for name, c := range map[string]struct {
		cmdline string
		want    Args
	}{
		"alone":                         {"holm.verity=7," + hash + ",-", plain},
		"among the kernel's own":        {"console=ttyS0 quiet holm.verity=7," + hash + ",- panic=-1\n", plain},
		"with tabs and many blanks":     {"  quiet\t\tholm.verity=7," + hash + ",-  ", plain},
		"with a salt":                   {"holm.verity=7," + hash + "," + salt, Args{DataBlocks: 7, RootHash: hash, Salt: salt}},
		"the longest salt":              {"holm.verity=7," + hash + "," + strings.Repeat("a", 512), Args{DataBlocks: 7, RootHash: hash, Salt: strings.Repeat("a", 512)}},
		"as large as can be":            {"holm.verity=1099511627775," + hash + ",-", Args{DataBlocks: 1<<40 - 1, RootHash: hash, Salt: "-"}},
		"for the benchmark":             {"holm.untuned holm.verity=7," + hash + ",-", Args{DataBlocks: 7, RootHash: hash, Salt: "-", Untuned: true}},
		"unknown words of holm's":       {"holm.other=1 holm.verity=7," + hash + ",-", plain},
		"twice, the last one counts":    {"holm.verity=9," + strings.Repeat("f", 64) + ",- holm.verity=7," + hash + ",-", plain},
		"a word that only begins so":    {"holm.veritys=x holm.untuneds holm.verity=7," + hash + ",-", plain},
		"as VerityArg writes it":        {VerityArg(7, hash, "-"), plain},
		"as VerityArg writes it, salty": {VerityArg(7, hash, salt), Args{DataBlocks: 7, RootHash: hash, Salt: salt}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseArgs(c.cmdline)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("args (-want +got):\n%s", diff)
			}
		})
	}
}

func TestThereIsNoBootWithoutAWholeRootHash(t *testing.T) {
	for name, c := range map[string]struct{ cmdline, says string }{
		"nothing":                        {"", "carries no holm.verity"},
		"only the kernel's own":          {"root=/dev/vda ro init=/bin/sh", "carries no holm.verity"},
		"the word without a value":       {"holm.verity", "want BLOCKS,ROOTHASH,SALT"},
		"an empty value":                 {"holm.verity=", "want BLOCKS,ROOTHASH,SALT"},
		"no salt":                        {"holm.verity=7," + hash, "want BLOCKS,ROOTHASH,SALT"},
		"one part too many":              {"holm.verity=7," + hash + ",-,ignore_corruption", "want BLOCKS,ROOTHASH,SALT"},
		"no blocks":                      {"holm.verity=0," + hash + ",-", `"0" is no number of blocks`},
		"blocks below none":              {"holm.verity=-1," + hash + ",-", "no number of blocks"},
		"blocks in hexadecimal":          {"holm.verity=0x10," + hash + ",-", "no number of blocks"},
		"more blocks than a disk has":    {"holm.verity=1099511627776," + hash + ",-", "no number of blocks"},
		"a number that overflows":        {"holm.verity=99999999999999999999," + hash + ",-", "no number of blocks"},
		"a short hash":                   {"holm.verity=7," + hash[1:] + ",-", "no root hash"},
		"a long hash":                    {"holm.verity=7," + hash + "0,-", "no root hash"},
		"a hash in capitals":             {"holm.verity=7," + strings.ToUpper(hash) + ",-", "no root hash"},
		"no hash":                        {"holm.verity=7,,-", "no root hash"},
		"an empty salt":                  {"holm.verity=7," + hash + ",", "no salt"},
		"half a byte of salt":            {"holm.verity=7," + hash + ",abc", "no salt"},
		"more salt than dm-verity takes": {"holm.verity=7," + hash + "," + strings.Repeat("a", 514), "no salt"},
		"a salt with more for the table": {"holm.verity=7," + hash + ",ab\x001", "no salt"},
		"quoted":                         {`"holm.verity=7,` + hash + `,-"`, "carries no holm.verity"},
		"good first, then broken":        {"holm.verity=7," + hash + ",- holm.verity=", "want BLOCKS,ROOTHASH,SALT"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseArgs(c.cmdline)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
			if got != (Args{}) {
				t.Errorf("it returned %+v besides", got)
			}
		})
	}
}

func TestTheTableOfVerityStopsTheKernelOnAlteredBytes(t *testing.T) {
	want := "1 /dev/vdb /dev/vdb 4096 4096 7 7 sha256 " + hash + " - 1 panic_on_corruption"
	if got := verityParams("/dev/vdb", Args{DataBlocks: 7, RootHash: hash, Salt: "-"}); got != want {
		t.Errorf("table is\n%q, want\n%q", got, want)
	}
}

func TestTheLongestTableFitsIntoTheRequest(t *testing.T) {
	params := verityParams("/dev/"+strings.Repeat("v", 32), Args{DataBlocks: math.MaxUint64, RootHash: hash, Salt: strings.Repeat("a", 512)})
	if room := len(dmRequest{}.params); len(params) >= room {
		t.Errorf("the table has %d bytes, there is room for %d", len(params), room)
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("console=ttyS0 " + VerityArg(7, hash, "-") + " holm.untuned")
	f.Add(VerityArg(1, hash, salt) + " " + VerityArg(0, "", ""))
	f.Add("holm.verity=,, holm.verity=1,1,1")
	f.Fuzz(func(t *testing.T, cmdline string) {
		a, err := ParseArgs(cmdline)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q has more than one line", err)
			}
			return
		}
		again, err := ParseArgs(VerityArg(a.DataBlocks, a.RootHash, a.Salt))
		again.Untuned = a.Untuned
		if err != nil || again != a {
			t.Errorf("%+v reads back as %+v, %v", a, again, err)
		}
		// Nothing of the command line can add an option to dm-verity's table.
		if fields := strings.Fields(verityParams("/dev/vda", a)); len(fields) != 12 {
			t.Errorf("the table has %d fields: %q", len(fields), fields)
		}
	})
}
