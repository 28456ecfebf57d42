package volumes

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"holm/storage/luks"
)

// luksMagic is how an encrypted raw volume begins.
var luksMagic = []byte{'L', 'U', 'K', 'S', 0xba, 0xbe}

// blankBytes is how much of the beginning of a raw volume is written, so that its guest finds zeros there and takes it for
// new. What nobody has written decrypts to noise; in a qcow2 file it is not even asked for.
const blankBytes = 1 << 20

// headerBlock is the piece in which a header is written. The first one holds all by which a header, or a file system, is known.
const headerBlock = 4096

// writeHeader makes a volume an encrypted one, with its header at an offset. What is zero in it is left a hole. The first block
// is written last, after settled: until then there is no header.
func writeHeader(file *os.File, at int64, key []byte, blank int, settled func() error) error {
	header, err := luks.Header(key, blank)
	if err != nil {
		return err
	}
	zeros := make([]byte, headerBlock)
	for from := len(header) - headerBlock; from >= 0; from -= headerBlock {
		block := header[from : from+headerBlock]
		if bytes.Equal(block, zeros) {
			continue
		}
		if from == 0 {
			if err := settled(); err != nil {
				return err
			}
		}
		if _, err := file.WriteAt(block, at+int64(from)); err != nil {
			return fmt.Errorf("write the LUKS header: %w", err)
		}
	}
	return nil
}

// atOnce is for a file that nobody sees until it is complete.
func atOnce() error { return nil }

func rawSize(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil && size >= luks.HeaderBytes && encryptedRaw(file) {
		size -= luks.HeaderBytes
	}
	return size, err
}

func encryptedRaw(file io.ReaderAt) bool {
	begin := make([]byte, len(luksMagic))
	_, err := file.ReadAt(begin, 0)
	return err == nil && bytes.Equal(begin, luksMagic)
}

// What is used of a qcow2 file's header. Source: QEMU's docs/interop/qcow2.txt.
const (
	cryptAt       = 32 // crypt_method
	cryptLUKS     = 2
	extensionsAt  = 112 // where extensions begin, as qemu-img writes them
	extensionLUKS = 0x0537be77
	maxExtensions = 64 << 10
)

// qcow2Header is its beginning.
type qcow2Header struct {
	Magic, Version        uint32
	Backing               uint64
	BackingLen            uint32
	ClusterBits           uint32
	Size                  uint64
	Crypt, L1Size         uint32
	L1At, RefTableAt      uint64
	RefTableClusters      uint32
	Snapshots             uint32
	SnapshotsAt           uint64
	Incompatible          uint64
	Compatible, Autoclear uint64
	RefOrder, Length      uint32
}

// extension is one of the header's; what it says follows, padded to 8 bytes.
type extension struct{ Kind, Length uint32 }

// pointer is what extensionLUKS says: where the LUKS header lies in the file.
type pointer struct{ At, Length uint64 }

func readQcow2(file io.ReaderAt) (h qcow2Header, err error) {
	const magic = 'Q'<<24 | 'F'<<16 | 'I'<<8 | 0xfb
	err = binary.Read(io.NewSectionReader(file, 0, int64(binary.Size(h))), binary.BigEndian, &h)
	if err == nil && (h.Magic != magic || h.Version != 3 || h.ClusterBits < 9 || h.ClusterBits > 21) {
		err = errors.New("no qcow2 file of version 3")
	}
	return h, err
}

// encryptQcow2 makes a blank qcow2 file that qemu-img has just written an encrypted one: it adds the LUKS header behind all
// that there is, counts its clusters as used, and says in the file's header where it lies.
func encryptQcow2(file *os.File, key []byte) error {
	h, err := readQcow2(file)
	if err != nil {
		return err
	}
	if h.Length != extensionsAt || h.RefOrder != 4 || h.Crypt != 0 {
		return errors.New("qemu-img has made another kind of qcow2 file than holm knows how to encrypt")
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	cluster := int64(1) << h.ClusterBits
	at := (end + cluster - 1) / cluster * cluster
	if err := file.Truncate(at + luks.HeaderBytes); err != nil {
		return err
	}
	if err := writeHeader(file, at, key, 0, atOnce); err != nil {
		return err
	}
	if err := countClusters(file, h, at/cluster, (luks.HeaderBytes+cluster-1)/cluster); err != nil {
		return err
	}
	before := make([]byte, cluster-extensionsAt-24)
	if _, err := file.ReadAt(before, extensionsAt); err != nil {
		return err
	}
	var added bytes.Buffer
	for _, part := range []any{extension{extensionLUKS, 16}, pointer{uint64(at), luks.HeaderBytes}} { // #nosec G115 -- not negative
		if err := binary.Write(&added, binary.BigEndian, part); err != nil {
			return err
		}
	}
	if _, err := file.WriteAt(append(added.Bytes(), before...), extensionsAt); err != nil {
		return err
	}
	_, err = file.WriteAt(binary.BigEndian.AppendUint32(nil, cryptLUKS), cryptAt)
	return err
}

// countClusters sets the reference counts of new clusters to one. A new file's first block of counts has room for them.
func countClusters(file *os.File, h qcow2Header, first, count int64) error {
	cluster := int64(1) << h.ClusterBits
	var block [8]byte
	if _, err := file.ReadAt(block[:], int64(h.RefTableAt)); err != nil { // #nosec G115 -- checked by what follows
		return err
	}
	at := int64(binary.BigEndian.Uint64(block[:])) // #nosec G115 -- checked by what follows
	if at <= 0 || at%cluster != 0 || (first+count)*2 > cluster {
		return errors.New("the reference counts of a new qcow2 file are not where they are expected")
	}
	_, err := file.WriteAt(bytes.Repeat([]byte{0, 1}, int(count)), at+2*first)
	return err
}

// headerOf tells where the LUKS header of a volume lies; no length when it has none.
func headerOf(file *os.File, kind string) (pointer, error) {
	if kind != qcow2().kind {
		if encryptedRaw(file) {
			return pointer{0, luks.HeaderBytes}, nil
		}
		return pointer{}, nil
	}
	h, err := readQcow2(file)
	if err != nil || h.Crypt != cryptLUKS {
		return pointer{}, err
	}
	extensions := io.NewSectionReader(file, int64(h.Length), maxExtensions)
	for {
		var e extension
		if err := binary.Read(extensions, binary.BigEndian, &e); err != nil {
			return pointer{}, err
		}
		switch e.Kind {
		case 0:
			return pointer{}, errors.New("an encrypted qcow2 file does not say where its LUKS header is")
		case extensionLUKS:
			var p pointer
			err := binary.Read(extensions, binary.BigEndian, &p)
			if err == nil && (p.At == 0 || p.Length == 0 || p.Length > 64<<20) {
				err = errors.New("the LUKS header of a qcow2 file is in an impossible place")
			}
			return p, err
		}
		if _, err := extensions.Seek(int64(e.Length+7)&^7, io.SeekCurrent); err != nil {
			return pointer{}, err
		}
	}
}

// encrypted tells whether a volume is.
func encrypted(path, kind string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	header, err := headerOf(file, kind)
	return header.Length > 0, err
}

// erase overwrites what opens a volume, waits until that is on the disk, and gives all blocks back.
func erase(file *os.File, kind string) error {
	if err := eraseHeader(file, kind); err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("give the blocks back: %w", err)
	}
	return file.Sync()
}

// eraseHeader overwrites what opens a volume. One that makes no sense opens nothing.
func eraseHeader(file *os.File, kind string) error {
	header, err := headerOf(file, kind)
	if err != nil || header.Length == 0 {
		return nil //nolint:nilerr // see above
	}
	zeros := make([]byte, 1<<20)
	for done := uint64(0); done < header.Length; {
		n, err := file.WriteAt(zeros[:min(uint64(len(zeros)), header.Length-done)], int64(header.At+done)) // #nosec G115 -- bounded by headerOf
		if err != nil {
			return fmt.Errorf("overwrite the LUKS header: %w", err)
		}
		done += uint64(n) // #nosec G115 -- not negative
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("overwrite the LUKS header: %w", err)
	}
	return nil
}
