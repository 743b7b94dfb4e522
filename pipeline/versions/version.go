package versions

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Version is a configuration that was put in force.
type Version struct {
	Number int       `json:"number"` // from 1
	At     time.Time `json:"at"`
	Cause  string    `json:"cause"` // for people, such as "start"
	Files  []File    `json:"files"` // sorted by name
	// Withheld says that the texts were too large to be kept: the files have none.
	Withheld bool `json:"withheld,omitempty"`
}

// File is one file of a version.
type File struct {
	Name string `json:"name"` // relative to the project's folder, with slashes
	Text string `json:"text"` // as it is written: references to variables are not replaced
}

// Text returns a file's text, and whether the version has it.
func (v *Version) Text(name string) (string, bool) {
	i, ok := slices.BinarySearchFunc(v.Files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return "", false
	}
	return v.Files[i].Text, true
}

// Changed are the names of the files that are in one of two versions only, or differ, sorted. A nil version has no files.
func Changed(from, to *Version) []string {
	var names []string
	for _, pair := range [][2]*Version{{from, to}, {to, from}} {
		a, b := pair[0], pair[1]
		if a == nil {
			continue
		}
		for _, f := range a.Files {
			if b != nil {
				if text, ok := b.Text(f.Name); ok && text == f.Text {
					continue
				}
			}
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (v *Version) encode() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, fmt.Errorf("configuration %d: %w", v.Number, err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("configuration %d: %w", v.Number, err)
	}
	return b.Bytes(), nil
}

func decode(value []byte) (*Version, error) {
	z, err := gzip.NewReader(bytes.NewReader(value))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var v Version
	return &v, json.Unmarshal(text, &v)
}
