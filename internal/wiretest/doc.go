// Package wiretest is for tests of types that are written for others to read, and that have to stay as they were promised: JSON schemas of
// them, made from their fields and comments, documents held strictly against such a schema, and values in which no field is empty.
package wiretest
