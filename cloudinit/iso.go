package cloudinit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/kdomanski/iso9660"
)

const (
	label  = "cidata" // by which cloud-init finds the seed
	sector = 2048
	// The volume descriptors lie behind 16 sectors that belong to the system; then come the root directory, which
	// never needs more than one sector here, and the files.
	systemSectors = 16
	rootSector    = systemSectors + 2
	// maxFile keeps a seed small whatever it was given. cloud-init's own files are a few KiB.
	maxFile = 1 << 20

	flagDirectory = 2 // ECMA-119 9.1.6
)

// The names that NoCloud knows. The library would lower-case and cut any other, so no other gets in.
const (
	fileUserData      = "user-data"
	fileMetaData      = "meta-data"
	fileNetworkConfig = "network-config"
	fileVendorData    = "vendor-data"
)

// imageOf lays files out as an ISO 9660 volume with the library's typed records, in memory. The library's own writer
// stages the files in TMPDIR, where a killed process would leave them, and stamps the time into the volume; laid out
// like this the same files give the same bytes, and nothing but the image ever reaches a disk.
func imageOf(files map[string][]byte) ([]byte, error) {
	root := directory("\x00", rootSector)
	entries := []*iso9660.DirectoryEntry{root, directory("\x01", rootSector)}
	var data bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if err := allowed(name, len(content)); err != nil {
			return nil, err
		}
		entries = append(entries, &iso9660.DirectoryEntry{
			ExtentLocation:       int32(rootSector + 1 + data.Len()/sector), //nolint:gosec // four files of at most maxFile
			ExtentLength:         uint32(len(content)),                      //nolint:gosec // at most maxFile
			VolumeSequenceNumber: 1,
			Identifier:           name + ";1",
		})
		data.Write(content)
		data.Write(make([]byte, padding(len(content))))
	}

	var image bytes.Buffer
	image.Write(make([]byte, systemSectors*sector))
	if err := writeDescriptors(&image, root, rootSector+1+data.Len()/sector); err != nil {
		return nil, err
	}
	if err := writeDirectory(&image, entries); err != nil {
		return nil, err
	}
	image.Write(data.Bytes())
	return image.Bytes(), nil
}

func allowed(name string, size int) error {
	switch name {
	case fileUserData, fileMetaData, fileNetworkConfig, fileVendorData:
	default:
		return fmt.Errorf("a seed has no file named %s", quote(name))
	}
	if size > maxFile {
		return fmt.Errorf("the seed's %s has %d bytes: at most %d are allowed", name, size, maxFile)
	}
	return nil
}

func directory(identifier string, at int32) *iso9660.DirectoryEntry {
	return &iso9660.DirectoryEntry{
		ExtentLocation:       at,
		ExtentLength:         sector,
		FileFlags:            flagDirectory,
		VolumeSequenceNumber: 1,
		Identifier:           identifier,
	}
}

// writeDescriptors writes the primary volume descriptor and the terminator. Its four times stay zero, which
// ECMA-119 8.4.26.1 reads as "not specified".
func writeDescriptors(w *bytes.Buffer, root *iso9660.DirectoryEntry, sectors int) error {
	const primary, terminator = 1, 255
	body, err := iso9660.PrimaryVolumeDescriptorBody{
		SystemIdentifier:      "linux",
		VolumeIdentifier:      label,
		VolumeSpaceSize:       int32(sectors), //nolint:gosec // four files of at most maxFile
		VolumeSetSize:         1,
		VolumeSequenceNumber:  1,
		LogicalBlockSize:      sector,
		RootDirectoryEntry:    root,
		ApplicationIdentifier: "holm",
		FileStructureVersion:  1,
	}.MarshalBinary()
	if err != nil {
		return fmt.Errorf("cannot describe the seed's volume: %w", err)
	}
	copy(body, descriptorHeader(primary))
	w.Write(body)
	end := make([]byte, sector)
	copy(end, descriptorHeader(terminator))
	w.Write(end)
	return nil
}

// descriptorHeader is the head that all volume descriptors share: type, "CD001", version.
func descriptorHeader(kind byte) []byte {
	return append([]byte{kind}, "CD001\x01"...)
}

func writeDirectory(w *bytes.Buffer, entries []*iso9660.DirectoryEntry) error {
	size := 0
	for _, entry := range entries {
		record, err := entry.MarshalBinary()
		if err != nil {
			return fmt.Errorf("cannot describe the seed's file %s: %w", quote(entry.Identifier), err)
		}
		size += len(record)
		w.Write(record)
	}
	w.Write(make([]byte, padding(size)))
	return nil
}

// padding is how many bytes are missing from size to a whole number of sectors.
func padding(size int) int { return (sector - size%sector) % sector }
