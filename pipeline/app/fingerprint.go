package app

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"reflect"
	"sort"

	"github.com/prickle-dev/prickle/pipeline"
)

// fingerprint stands for everything that decides how a component works: when it is the same after a reload, the component goes on as it is.
type fingerprint [sha256.Size]byte

// prints makes fingerprints and remembers the files that went into them, with their texts.
type prints struct{ files map[string][]byte }

// of is the fingerprint of values: decoded configurations with all that they hold, places in files apart, and the contents of the files that
// they name.
func (p *prints) of(values ...any) fingerprint {
	h := sha256.New()
	for _, v := range values {
		p.write(h, reflect.ValueOf(v))
	}
	return fingerprint(h.Sum(nil))
}

var (
	posType  = reflect.TypeFor[pipeline.Pos]()
	fileType = reflect.TypeFor[pipeline.File]()
)

func (p *prints) write(h hash.Hash, v reflect.Value) {
	if !v.IsValid() {
		fmt.Fprint(h, "nil;")
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		p.write(h, v.Elem())
	case reflect.Struct:
		p.writeStruct(h, v)
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(h, "list %d;", v.Len())
		for i := range v.Len() {
			p.write(h, v.Index(i))
		}
	case reflect.Map:
		fmt.Fprintf(h, "map %d;", v.Len())
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return fmt.Sprint(keys[i]) < fmt.Sprint(keys[j]) })
		for _, key := range keys {
			p.write(h, key)
			p.write(h, v.MapIndex(key))
		}
	case reflect.String:
		fmt.Fprintf(h, "%q;", v.String()) // which, unlike %v, does not ask a Secret to print as stars
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		// Nothing that a configuration file says.
	default:
		fmt.Fprintf(h, "%#v;", v)
	}
}

func (p *prints) writeStruct(h hash.Hash, v reflect.Value) {
	switch v.Type() {
	case posType:
		return
	case fileType:
		p.writeFile(h, v.Interface().(pipeline.File).Path)
		return
	}
	fmt.Fprintf(h, "%s;", v.Type())
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() {
			fmt.Fprintf(h, "%s:", field.Name)
			p.write(h, v.Field(i))
		}
	}
}

// largeFile is the size in bytes from which on the text of a file is not remembered: a database, and no program.
const largeFile = 1 << 20

// writeFile writes a file's contents. One that cannot be read has been reported by whoever needs it.
func (p *prints) writeFile(h hash.Hash, path string) {
	if path == "" {
		return
	}
	contents := sha256.New()
	var text bytes.Buffer
	err := readFile(path, contents, &text)
	p.files[path] = text.Bytes()
	fmt.Fprintf(h, "%s %t %x;", path, err == nil, contents.Sum(nil))
}

// readFile copies a file, to text only if it is not large.
func readFile(path string, contents io.Writer, text *bytes.Buffer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	to := contents
	if info, err := f.Stat(); err == nil && info.Size() < largeFile {
		to = io.MultiWriter(contents, text)
	}
	_, err = io.Copy(to, f)
	return err
}
