package code

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrHeader is the error of tokens that do not start as bytecode does.
var ErrHeader = errors.New("Invalid HogQL bytecode, must start with '_H'") //nolint:staticcheck // the reference's text

// lineWidth is where the file form of bytecode wraps.
const lineWidth = 120

// Decode reads bytecode from a JSON array. Numbers without fraction and exponent become int64, or *big.Int when they do
// not fit, all others float64.
func Decode(data []byte) (Bytecode, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var tokens []any
	if err := d.Decode(&tokens); err != nil {
		return Bytecode{}, fmt.Errorf("bytecode: %w", err)
	}
	if d.More() {
		return Bytecode{}, errors.New("bytecode: text after the array")
	}
	for i, t := range tokens {
		switch t := t.(type) {
		case json.Number:
			n, err := number(t.String())
			if err != nil {
				return Bytecode{}, fmt.Errorf("bytecode: token %d: %w", i, err)
			}
			tokens[i] = n
		case []any, map[string]any:
			return Bytecode{}, fmt.Errorf("bytecode: token %d is an array or object", i)
		}
	}
	b := Bytecode{Tokens: tokens}
	if _, _, err := b.Header(); err != nil {
		return Bytecode{}, err
	}
	return b, nil
}

func number(text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && !strings.ContainsAny(text, ".eE") {
		n, _ := new(big.Int).SetString(text, 10)
		return n, nil
	}
	return f, err
}

// Header is the version of the bytecode and the index of its first instruction. The error is ErrHeader.
func (b Bytecode) Header() (version, start int, err error) {
	if len(b.Tokens) == 0 {
		return 0, 0, ErrHeader
	}
	switch b.Tokens[0] {
	case "_h":
		return 0, 1, nil
	case "_H":
		if len(b.Tokens) > 1 && asNumber(b.Tokens[1]) == 1 {
			return 1, 2, nil
		}
	}
	return 0, 0, ErrHeader
}

// MarshalJSON is the bytecode as compact JSON; integers without, floats with a fraction or exponent.
func (b Bytecode) MarshalJSON() ([]byte, error) {
	dst := []byte{'['}
	for i, t := range b.Tokens {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendToken(dst, t, false); err != nil {
			return nil, fmt.Errorf("bytecode: token %d: %w", i, err)
		}
	}
	return append(dst, ']'), nil
}

// File is the bytecode in the form of the reference compiler's files: items joined by a comma and a space, lines of at
// most 120 characters, everything outside ASCII escaped, a line end at the end.
func (b Bytecode) File() ([]byte, error) {
	var out []byte
	line := []byte{'['}
	for i, t := range b.Tokens {
		item, err := appendToken(nil, t, true)
		if err != nil {
			return nil, fmt.Errorf("bytecode: token %d: %w", i, err)
		}
		if i < len(b.Tokens)-1 {
			item = append(item, ',')
		} else {
			item = append(item, ']')
		}
		switch {
		case i == 0:
		case len(line)+1+len(item) > lineWidth:
			out = append(append(out, line...), '\n')
			line = line[:0]
		default:
			line = append(line, ' ')
		}
		line = append(line, item...)
	}
	if len(b.Tokens) == 0 {
		line = append(line, ']')
	}
	return append(append(out, line...), '\n'), nil
}

func appendToken(dst []byte, t any, ascii bool) ([]byte, error) {
	switch t := t.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, t), nil
	case Op:
		return strconv.AppendInt(dst, int64(t), 10), nil
	case int:
		return strconv.AppendInt(dst, int64(t), 10), nil
	case int64:
		return strconv.AppendInt(dst, t, 10), nil
	case *big.Int:
		return t.Append(dst, 10), nil
	case float64:
		return appendFloat(dst, t)
	case string:
		return appendString(dst, t, ascii), nil
	}
	return nil, fmt.Errorf("%T is no token", t)
}

// appendFloat writes a float as the reference does: the shortest form that reads back, with an exponent from 16 digits on and below 0.0001,
// which is where Python has it.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if f-f != 0 {
		return nil, fmt.Errorf("%v has no JSON form", f)
	}
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64), nil
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return append(dst, text...), nil
}

func appendString(dst []byte, s string, ascii bool) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\b':
			dst = append(dst, `\b`...)
		case r == '\f':
			dst = append(dst, `\f`...)
		case r < ' ' || ascii && r >= 0x7F && r < 0x10000:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		case ascii && r >= 0x10000:
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// asNumber is a token as an integer, or -1 when it is none.
func asNumber(t any) int {
	switch t := t.(type) {
	case Op:
		return int(t)
	case int:
		return t
	case int64:
		return int(t)
	case float64:
		if t == float64(int(t)) {
			return int(t)
		}
	}
	return -1
}
