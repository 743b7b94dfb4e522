package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// importState is how far a file is imported. It is kept beside the file until that is done.
type importState struct {
	Begins   string `json:"begins"` // what the file begins with, as a hash
	Bytes    int    `json:"bytes"`  // of how much: a file may grow
	To       string `json:"to"`
	As       string `json:"as"`   // how it is read
	Line     int    `json:"line"` // that was sent last
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
	Rejects  int64  `json:"rejects,omitempty"` // how large the file of --rejected was then
}

func (i *importing) statePath() string { return i.file + importSuffix }

// importSuffix is that of the file that notes how far another one is.
const importSuffix = ".import"

// resume finds out how far the file is, which begins with head.
func (i *importing) resume(head []byte, restart bool) error {
	i.state = importState{Begins: digest(head), Bytes: len(head), To: i.to.shown(), As: i.to.how()}
	text, err := os.ReadFile(i.statePath())
	if errors.Is(err, os.ErrNotExist) || restart {
		return i.begin()
	}
	if err != nil {
		return err
	}
	var was importState
	if err := json.Unmarshal(text, &was); err != nil {
		return fmt.Errorf("%s is damaged: remove it, or begin anew with --restart", i.statePath())
	}
	same := was.Bytes <= len(head) && was.Begins == digest(head[:min(was.Bytes, len(head))]) && was.To == i.state.To && was.As == i.state.As
	switch {
	case !same && was.Line == 0: // nothing of it was sent
		return i.begin()
	case !same:
		return fmt.Errorf("%s says that another file was being imported, to another address, by another key or in another way: begin anew with --restart", i.statePath())
	}
	i.state = was
	if i.rejects != nil {
		if err := i.rejects.expect(was.Rejects); err != nil {
			return fmt.Errorf("--rejected: %w", err)
		}
	}
	fmt.Fprintf(i.report, "%s: goes on behind line %d, %s stored so far\n", i.file, was.Line, count(was.Accepted, "event"))
	return nil
}

// begin notes where the file of --rejected is, so that what is rejected from now on is known after a crash.
func (i *importing) begin() error {
	if i.rejects == nil {
		return nil
	}
	return i.save()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func (i *importing) save() error {
	if i.rejects != nil {
		i.state.Rejects = i.rejects.size
	}
	text, err := json.Marshal(i.state)
	if err != nil {
		return err
	}
	path := i.statePath()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("how far the import is cannot be noted: %w", err)
	}
	return os.Rename(path+".new", path)
}

// done removes what was noted.
func (i *importing) done() error {
	if err := os.Remove(i.statePath()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
