package stdlib

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"

	"github.com/prickle-dev/prickle/hog/vm"
)

func digests() []Function {
	var table []Function
	for _, d := range []struct {
		name, hex string
		chain     string // of ['key', 'a'], "" without such a function
		longer    string // of ['key', 'a', 'b']
		make      func() hash.Hash
		sum       func(c *vm.Call, b []byte) []byte
	}{
		{"md5", "5d41402abc4b2a76b9719d911017c592", "", "", md5.New, func(c *vm.Call, b []byte) []byte { s := md5.Sum(b); return kept(c, s[:]) }},
		{"sha1", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "0db21f05052f323e714ef9bf1f7b000ffe97e8a0", "b7fc2eb09757bfaa1356ba77832196020318a3b9", sha1.New, func(c *vm.Call, b []byte) []byte { s := sha1.Sum(b); return kept(c, s[:]) }},
		{"sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "780c3db4ce3de5b9e55816fba98f590631d96c075271b26976238d5f4444219b", "377abb69b9e5def3a5b2325143171e1cb9b3cecba08ac76cbe9311c0089554e0", sha256.New, func(c *vm.Call, b []byte) []byte { s := sha256.Sum256(b); return kept(c, s[:]) }},
	} {
		table = append(table,
			Function{Name: d.name, Min: 1, Max: 2, Doc: "The " + d.name + " digest of the text as hex, base64, base64url or binary.", Func: digest(d.name, d.make, d.sum, true), Examples: []Example{{d.name + "('hello')", "'" + d.hex + "'"}, {d.name + "(null, 'base64')", "null"}}},
			Function{Name: d.name + "Hex", Min: 1, Max: 1, Doc: "The " + d.name + " digest of the text in hex.", Func: digest(d.name+"Hex", d.make, d.sum, false), Examples: []Example{{d.name + "Hex('hello')", "'" + d.hex + "'"}, {d.name + "Hex(null)", "null"}}},
		)
		if d.chain != "" {
			name := d.name + "HmacChain"
			table = append(table,
				Function{Name: name, Min: 1, Max: 2, Doc: "The " + d.name + " HMAC of item 2 with the key item 1, and of each further item with the digest before as key.", Func: chain(name, d.make, true),
					Examples: []Example{{name + "(['key', 'a'])", "'" + d.chain + "'"}, {name + "(['key', 'a', 'b'], 'hex')", "'" + d.longer + "'"}}},
				Function{Name: name + "Hex", Min: 1, Max: 1, Doc: name + " in hex, of at least two items.", Func: chain(name+"Hex", d.make, false),
					Examples: []Example{{name + "Hex(['key', 'a'])", "'" + d.chain + "'"}, {name + "Hex(['key', 'a', 'b'])", "'" + d.longer + "'"}}},
			)
		}
	}
	return table
}

// kept is a copy of a digest that is cheaper than memory of its own.
func kept(c *vm.Call, sum []byte) []byte { return append(c.Bytes(len(sum))[:0], sum...) }

func digest(name string, newHash func() hash.Hash, sum func(*vm.Call, []byte) []byte, encoded bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		if args[0].IsNull() {
			return vm.Null(), nil
		}
		s, err := text(name, args[0])
		if err != nil {
			return vm.Null(), err
		}
		if len(s) <= shortText {
			return encode(c, name, sum(c, utf8Bytes(s)), args, encoded)
		}
		h := newHash()
		if err := feed(c, h, utf8Bytes(s)); err != nil {
			return vm.Null(), err
		}
		return encode(c, name, h.Sum(nil), args, encoded)
	}
}

// feed gives a text to a digest.
func feed(c *vm.Call, h hash.Hash, text []byte) error {
	return c.Pieces(len(text), func(from, to int) error {
		_, err := h.Write(text[from:to])
		return err
	})
}

// shortText is the length up to which a text is worked on at once, which is faster.
const shortText = 4096

// hmacWork is the bytes that one message of a chain counts as besides its own.
const hmacWork = 4096

func chain(name string, newHash func() hash.Hash, encoded bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		list, _ := items(args[0])
		if len(list) < 2 {
			return vm.Null(), vm.Errorf(vm.KindData, "Data array must contain at least two elements.")
		}
		key, err := text(name, list[0])
		if err != nil {
			return vm.Null(), err
		}
		sum := utf8Bytes(key)
		for _, v := range list[1:] {
			message, err := text(name, v)
			if err != nil {
				return vm.Null(), err
			}
			if err := c.Work(len(message) + hmacWork); err != nil {
				return vm.Null(), err
			}
			h := hmac.New(newHash, sum)
			if err := feed(c, h, utf8Bytes(message)); err != nil {
				return vm.Null(), err
			}
			sum = h.Sum(nil)
		}
		return encode(c, name, sum, args, encoded)
	}
}

// hexText is a digest in hex.
func hexText(c *vm.Call, sum []byte) string {
	text := c.Bytes(hex.EncodedLen(len(sum)))
	hex.Encode(text, sum)
	return vm.TextOf(text)
}

// encode writes a digest in the encoding that the second argument names, or in hex.
func encode(c *vm.Call, name string, sum []byte, args []vm.Value, encoded bool) (vm.Value, error) {
	if !encoded || arg(args, 1).IsNull() {
		return vm.String(hexText(c, sum)), nil
	}
	encoding, err := c.HostString(args[1])
	if err != nil {
		return vm.Null(), err
	}
	switch encoding {
	case "hex":
		return vm.String(hexText(c, sum)), nil
	case "base64":
		return vm.String(base64.StdEncoding.EncodeToString(sum)), nil
	case "base64url":
		return vm.String(base64.RawURLEncoding.EncodeToString(sum)), nil
	case "binary":
		runes := make([]rune, len(sum))
		for i, b := range sum {
			runes[i] = rune(b)
		}
		return vm.String(string(runes)), nil
	default:
		return vm.Null(), vm.Errorf(vm.KindData, "%s: unknown encoding %q; use hex, base64, base64url or binary", name, encoding)
	}
}
