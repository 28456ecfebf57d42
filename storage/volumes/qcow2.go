package volumes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// What is used of a qcow2 file's header. Source: QEMU's docs/interop/qcow2.txt.
const (
	qcow2Magic    = 'Q'<<24 | 'F'<<16 | 'I'<<8 | 0xfb
	sizeAt        = 24 // size; what follows are crypt_method, l1_size, l1_table_offset
	cryptAt       = 32 // crypt_method
	incompatAt    = 72 // incompatible_features
	cryptLUKS     = 2
	extensionsAt  = 112 // where extensions begin, as qemu-img writes them
	extensionLUKS = 0x0537be77
	featureNames  = 0x6803f857 // an extension that names feature bits for people
	maxExtensions = 64 << 10
	dirty         = 1 << 0 // an incompatible feature: reference counts may be wrong, and QEMU counts anew when it opens the file
	entryBytes    = 8      // of the table l1
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

// inside tells whether all of it lies in a file of that size.
func (p pointer) inside(size int64) bool {
	return size > 0 && p.At < uint64(size) && p.Length <= uint64(size)-p.At // #nosec G115 -- positive
}

func readQcow2(file io.ReaderAt) (h qcow2Header, err error) {
	err = binary.Read(io.NewSectionReader(file, 0, int64(binary.Size(h))), binary.BigEndian, &h)
	if err == nil && (h.Magic != qcow2Magic || h.Version != 3 || h.ClusterBits < 9 || h.ClusterBits > 21) {
		err = errors.New("no qcow2 file of version 3")
	}
	return h, err
}

func (h qcow2Header) cluster() int64 { return int64(1) << h.ClusterBits }

// l1For is how many entries the table l1 has for so many bytes: one for each table of a cluster, of 8 bytes for each cluster.
func (h qcow2Header) l1For(bytes int64) int64 {
	each := h.cluster() / entryBytes * h.cluster()
	return (bytes + each - 1) / each
}

// walk shows the header's extensions to see, until that has seen enough.
func (h qcow2Header) walk(file io.ReaderAt, see func(e extension, at int64) (enough bool, err error)) error {
	for at, end := int64(h.Length), int64(h.Length)+maxExtensions; at < end; {
		var e extension
		if err := binary.Read(io.NewSectionReader(file, at, int64(binary.Size(e))), binary.BigEndian, &e); err != nil {
			return err
		}
		at += int64(binary.Size(e))
		if enough, err := see(e, at); enough || err != nil || e.Kind == 0 {
			return err
		}
		at += (int64(e.Length) + 7) &^ 7
	}
	return errors.New("the extensions of a qcow2 file have no end")
}

// luks tells where the LUKS header of an encrypted file lies, which has that size.
func (h qcow2Header) luks(file io.ReaderAt, size int64) (p pointer, err error) {
	err = h.walk(file, func(e extension, at int64) (bool, error) {
		if e.Kind != extensionLUKS {
			return false, nil
		}
		return true, binary.Read(io.NewSectionReader(file, at, int64(binary.Size(p))), binary.BigEndian, &p)
	})
	if err == nil && p == (pointer{}) {
		err = errors.New("an encrypted qcow2 file does not say where its LUKS header is")
	}
	first := uint64(h.cluster()) //nolint:gosec // a cluster is 2 MiB at most
	if err == nil && (p.At < first || p.At%512 != 0 || p.Length == 0 || p.Length > 64<<20 || !p.inside(size)) {
		err = errors.New("the LUKS header of a qcow2 file is in an impossible place")
	}
	return p, err
}

// sound refuses a header of a file of that size that is not as holm and QEMU leave one of holm's volumes. Whoever took a QEMU over can
// have it name other files, and anything for a size or a place.
func (h qcow2Header) sound(file io.ReaderAt, size int64) error {
	cluster := h.cluster()
	inside := func(at uint64, bytes int64) bool {
		return at >= uint64(cluster) && at%uint64(cluster) == 0 && pointer{at, uint64(bytes)}.inside(size) // #nosec G115 -- positive
	}
	var wrong string
	switch {
	case h.Backing != 0, h.BackingLen != 0:
		wrong = "it names a backing file"
	case h.Incompatible&^dirty != 0:
		wrong = fmt.Sprintf("it has the features %#x", h.Incompatible)
	case h.Snapshots != 0:
		wrong = "it has snapshots"
	case h.Crypt != 0 && h.Crypt != cryptLUKS:
		wrong = "it is encrypted in another way"
	case h.Size == 0, h.Size%512 != 0, h.Size > MaxGiB<<30:
		wrong = fmt.Sprintf("it is said to have %d bytes", h.Size)
	case h.RefOrder != 4, h.Length < 104, h.Length%8 != 0, int64(h.Length) > cluster:
		wrong = "its header is laid out in another way"
	case int64(h.L1Size) < h.l1For(int64(h.Size)), int64(h.L1Size) > 2*h.l1For(MaxGiB<<30), !inside(h.L1At, int64(h.L1Size)*entryBytes):
		wrong = "its first table is in an impossible place"
	case !inside(h.RefTableAt, cluster):
		wrong = "its reference counts are in an impossible place"
	default:
		return h.walk(file, func(e extension, _ int64) (bool, error) {
			switch e.Kind {
			case 0, featureNames, extensionLUKS:
				return false, nil
			}
			return true, unsound(fmt.Sprintf("it has an extension %#x", e.Kind))
		})
	}
	return unsound(wrong)
}
