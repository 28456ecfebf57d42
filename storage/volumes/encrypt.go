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
	if err == nil && size >= luks.HeaderBytes && luks.Begins(file, 0) {
		size -= luks.HeaderBytes
	}
	return size, err
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
	cluster := h.cluster()
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
	cluster := h.cluster()
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

// headerOf tells where the LUKS header of a volume lies; no length when it has none. It lies inside the file.
func headerOf(file *os.File, kind string) (pointer, error) {
	size, err := file.Seek(0, io.SeekEnd) // of a block device too
	if err != nil {
		return pointer{}, err
	}
	if kind != qcow2().kind {
		if p := (pointer{0, luks.HeaderBytes}); luks.Begins(file, 0) && p.inside(size) {
			return p, nil
		}
		return pointer{}, nil
	}
	h, err := readQcow2(file)
	if err != nil || h.Crypt != cryptLUKS {
		return pointer{}, err
	}
	return h.luks(file, size)
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

// eraseHeader overwrites what opens a volume. One that makes no sense, or that is said to lie outside the file, opens nothing: a QEMU
// that was taken over must not keep its instance from being removed.
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

// lend has a second passphrase open a volume.
func lend(file *os.File, kind string, key, once []byte) error {
	header, err := headerOf(file, kind)
	if err != nil {
		return err
	}
	if header.Length < luks.HeaderBytes {
		return errOtherKey
	}
	return luks.Lend(file, int64(header.At), key, once) // #nosec G115 -- inside the file
}

// lentIn tells whether what lend has written is there. Where there is no header, nothing was lent.
func lentIn(file *os.File, kind string) (bool, error) {
	header, err := headerOf(file, kind)
	if err != nil || header.Length < luks.HeaderBytes {
		return false, nil //nolint:nilerr // see above
	}
	return luks.Lent(file, int64(header.At)) // #nosec G115 -- inside the file
}

// revoke overwrites what lend has written.
func revoke(file *os.File, kind string) error {
	header, err := headerOf(file, kind)
	if err != nil || header.Length < luks.HeaderBytes {
		return nil //nolint:nilerr // see above
	}
	return luks.Revoke(file, int64(header.At)) // #nosec G115 -- inside the file
}
