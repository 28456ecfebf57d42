package wiretest

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"
)

// maxDepth is how often lists of structs nest: a type may contain itself.
const maxDepth = 3

// Fill gives each exported field below a pointer a value of its own, the same at each call: two elements to a list, one to a map.
func Fill(pointer any) {
	f := filler{}
	f.fill(reflect.ValueOf(pointer).Elem(), 0)
}

type filler struct{ n int }

func (f *filler) fill(v reflect.Value, depth int) {
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2030, 1, 2, 3, 4, f.n%60, 1000*f.n, time.UTC)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(f.n%250 + 1)}))) // #nosec G115 -- up to 250
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(f.n % 250), 0, 0}), 24))) // #nosec G115 -- below 250
		return
	case encoding.TextUnmarshaler, error, func():
		panic("wiretest: does not know how to fill " + v.Type().String())
	}
	switch v.Kind() { //nolint:exhaustive // the others are in no document
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Tag.Get("json") != "-" {
				f.fill(v.Field(i), depth)
			}
		}
	case reflect.Slice:
		f.fillSlice(v, depth)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		f.fill(value, depth)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key "+strconv.Itoa(f.n)).Convert(v.Type().Key()), value)
	default:
		f.fillSimple(v)
	}
}

func (f *filler) fillSlice(v reflect.Value, depth int) {
	if depth == maxDepth {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 2, 2))
	for i := range v.Len() {
		f.fill(v.Index(i), depth+1)
	}
}

func (f *filler) fillSimple(v reflect.Value) {
	small := f.n%100 + 1
	switch {
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("text %d", f.n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(int64(small))
	case v.CanUint():
		v.SetUint(uint64(small)) // #nosec G115 -- 1 to 100
	case v.CanFloat():
		v.SetFloat(float64(f.n) + 0.5)
	default:
		panic("wiretest: does not know how to fill " + v.Type().String())
	}
}

// Empty names the exported fields of a value that are empty, as paths: "Health.Why", "Members[1].Name".
func Empty(value any) []string { return empty(reflect.ValueOf(value), "", 0) }

func empty(v reflect.Value, path string, depth int) (all []string) {
	if v.IsZero() {
		return []string{path}
	}
	switch v.Kind() { //nolint:exhaustive // the others are not empty
	case reflect.Pointer:
		return empty(v.Elem(), path, depth)
	case reflect.Struct:
		if _, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
			return nil
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				all = append(all, empty(v.Field(i), path+"."+field.Name, depth)...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if depth < maxDepth-1 {
				all = append(all, empty(v.Index(i), path+"["+strconv.Itoa(i)+"]", depth+1)...)
			}
		}
	}
	return all
}
