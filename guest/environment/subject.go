package environment

import (
	"crypto/sha1" //nolint:gosec // OpenSSL names files by it; nothing is trusted because of it
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// attributesSET is a SET OF: encoding/asn1 looks at the type's name.
type attributesSET []attribute

// subjectHash is by what OpenSSL finds a CA in a folder: the start of SHA-1 of the subject in canonical form, in which
// letters are small, spaces single and all texts UTF-8.
func subjectHash(subject []byte) (uint32, error) {
	var parts []attributesSET
	if rest, err := asn1.Unmarshal(subject, &parts); err != nil || len(rest) > 0 {
		return 0, fmt.Errorf("its subject does not parse")
	}
	digest := sha1.New() //nolint:gosec // see above
	for _, part := range parts {
		for i, a := range part {
			if text, ok := textOf(a.Value); ok {
				part[i].Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(canonical(text))}
			}
		}
		text, err := asn1.Marshal(part)
		if err != nil {
			return 0, fmt.Errorf("its subject does not parse")
		}
		_, _ = digest.Write(text)
	}
	return binary.LittleEndian.Uint32(digest.Sum(nil)), nil
}

// textOf reads the kinds of text that OpenSSL makes canonical.
func textOf(v asn1.RawValue) (string, bool) {
	if v.Class != asn1.ClassUniversal {
		return "", false
	}
	const visible, universal = 26, 28
	switch v.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, visible:
		return string(v.Bytes), true
	case asn1.TagT61String:
		runes := make([]rune, 0, len(v.Bytes))
		for _, b := range v.Bytes {
			runes = append(runes, rune(b))
		}
		return string(runes), true
	case asn1.TagBMPString:
		var units []uint16
		for pair := range slices.Chunk(v.Bytes, 2) {
			if len(pair) == 2 {
				units = append(units, binary.BigEndian.Uint16(pair))
			}
		}
		return string(utf16.Decode(units)), true
	case universal:
		var runes []rune
		for four := range slices.Chunk(v.Bytes, 4) {
			if len(four) == 4 {
				runes = append(runes, rune(binary.BigEndian.Uint32(four))) //nolint:gosec // one that is none becomes U+FFFD
			}
		}
		return string(runes), true
	}
	return "", false
}

func canonical(text string) string {
	space := func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.Join(strings.FieldsFunc(text, space), " "))
}
