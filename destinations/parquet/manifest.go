package parquet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// manifest says which files count. Pieces that it does not name count as well.
type manifest struct {
	Version    int    `json:"version"`
	Generation int    `json:"generation"` // one more with each commit
	Files      []file `json:"files"`
	// Absorbed are files whose rows are in Files now, or do not count any more. They are removed later.
	Absorbed []absorbed `json:"absorbed"`

	tag string
}

// file is a live file below events/.
type file struct {
	Name      string `json:"name"`
	Partition string `json:"partition"`
	Rows      int64  `json:"rows"`
	Bytes     int64  `json:"bytes"`
}

type absorbed struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

const manifestVersion = 1

func (l *Lake) manifest(ctx context.Context) (manifest, error) {
	m := manifest{Version: manifestVersion}
	body, tag, err := l.store.manifest(ctx)
	if err != nil {
		return m, err
	}
	if m.tag = tag; len(body) > 0 {
		if err := json.Unmarshal(body, &m); err != nil {
			return m, fmt.Errorf("%s is not a manifest of prickle (%w): restore it, or use another folder", manifestName, err)
		}
	}
	if m.Version > manifestVersion {
		return m, fmt.Errorf("the lake has version %d, this prickle knows up to %d: use the newer prickle that wrote it", m.Version, manifestVersion)
	}
	return m, nil
}

// commit makes m the manifest, unless somebody has changed it. An error may come after it has come into force: only the manifest that is read
// afterwards tells.
func (l *Lake) commit(ctx context.Context, m manifest) error {
	m.Generation++
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return l.store.swap(ctx, append(body, '\n'), m.tag)
}

// absorbs reports whether a file's rows are in others.
func (m *manifest) absorbs(name string) bool {
	return slices.ContainsFunc(m.Absorbed, func(a absorbed) bool { return a.Name == name })
}

// live are the names of the files that count: events first, then pieces.
func (l *Lake) live(ctx context.Context) ([]string, error) {
	// Pieces are listed first: one that is absorbed between the two looks is in the manifest's files.
	pieces, err := l.store.list(ctx, incomingFolder)
	if err != nil {
		return nil, err
	}
	m, err := l.manifest(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Name)
	}
	for _, p := range pieces {
		if !m.absorbs(p.name) {
			names = append(names, p.name)
		}
	}
	return names, nil
}
