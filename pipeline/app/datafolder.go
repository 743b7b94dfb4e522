package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// dataFormat is the version of what this binary keeps in the data folder. It grows when an older binary could not go on with what a newer
// one has written; a newer binary brings older folders up to date. folderFormat is that of a folder without the embedded bus, so that processes on an
// outside server can go back to an older binary as long as what is in the folder lets them.
const dataFormat, folderFormat = 3, 2

// formatFile holds the version, in the data folder.
const formatFile = "format"

// openData makes the data folder when there is none, and refuses one that a newer binary has written. bus says that the embedded bus is in it.
func openData(dir string, bus bool) error {
	format := folderFormat
	if bus {
		format = dataFormat
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	path := filepath.Join(dir, formatFile)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return writeFormat(path, format)
	case err != nil:
		return fmt.Errorf("data folder: %w", err)
	}
	found, err := strconv.Atoi(strings.TrimSpace(string(text)))
	switch {
	case err != nil || found < 1:
		return fmt.Errorf("data folder %q: its file %q holds %q instead of a version: restore it from a backup, or write %d into it if no other program than this one has used the folder",
			dir, formatFile, strings.TrimSpace(string(text)), dataFormat)
	case found > dataFormat:
		return fmt.Errorf("data folder %q has format %d, and this binary knows formats up to %d: use the newer binary that wrote it, or another data folder",
			dir, found, dataFormat)
	case found < format: // what older ones have written is read as it is
		return writeFormat(path, format)
	}
	return nil
}

// writeFormat leaves either a whole file or none, also when the power fails: without the sync, the name could be on disk before the content.
func writeFormat(path string, format int) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	_, err = f.WriteString(strconv.Itoa(format) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}
