package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/code"
)

// readGlobals reads a JSON object whose members become globals.
func readGlobals(std streams, path string) (map[string]hog.Value, error) {
	text, name, err := std.read(path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return nil, fmt.Errorf(`%s: want a JSON object, such as {"event": {"properties": {}}}`, name)
	}
	if err := checkJSON(name, text); err != nil {
		return nil, err
	}
	v, err := hog.FromJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d, _ := v.AsDict()
	values := make(map[string]hog.Value, d.Len())
	for i := range d.Len() {
		key, value := d.At(i)
		values[key.String()] = value
	}
	return values, nil
}

// checkJSON finds where a text stops being JSON.
func checkJSON(name string, text []byte) error {
	var raw json.RawMessage
	err := json.Unmarshal(text, &raw)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return atOffset(name, text, syntax.Offset-1, "not JSON: %v", err)
	}
	return err
}

// decodeBytecode reads portable bytecode.
func decodeBytecode(name string, text []byte) (code.Bytecode, error) {
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) == 0 || first[0] != '[' {
		return code.Bytecode{}, fmt.Errorf(`%s: want bytecode, a JSON array that begins with "_H", 1`, name)
	}
	if err := checkJSON(name, text); err != nil {
		return code.Bytecode{}, err
	}
	b, err := code.Decode(text)
	if err != nil {
		return code.Bytecode{}, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}
