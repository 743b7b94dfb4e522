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
		chain     bool
		make      func() hash.Hash
	}{
		{"md5", "5d41402abc4b2a76b9719d911017c592", false, md5.New},
		{"sha1", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", true, sha1.New},
		{"sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", true, sha256.New},
	} {
		table = append(table,
			Function{Name: d.name, Min: 1, Max: 2, Doc: "The " + d.name + " digest of the text as hex, base64, base64url or binary.", Func: digest(d.name, d.make, true), Examples: ex(d.name+"('hello')", "'"+d.hex+"'")},
			Function{Name: d.name + "Hex", Min: 1, Max: 1, Doc: "The " + d.name + " digest of the text in hex.", Func: digest(d.name+"Hex", d.make, false), Examples: ex(d.name+"Hex('hello')", "'"+d.hex+"'")},
		)
		if d.chain {
			name := d.name + "HmacChain"
			table = append(table,
				Function{Name: name, Min: 1, Max: 2, Doc: "The " + d.name + " HMAC of item 2 with the key item 1, and of each further item with the digest before as key.", Func: chain(name, d.make, true)},
				Function{Name: name + "Hex", Min: 1, Max: 1, Doc: name + " in hex.", Func: chain(name+"Hex", d.make, false)},
			)
		}
	}
	return table
}

func digest(name string, newHash func() hash.Hash, encoded bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		if args[0].IsNull() {
			return vm.Null(), nil
		}
		s, err := text(name, args[0])
		if err != nil {
			return vm.Null(), err
		}
		h := newHash()
		h.Write([]byte(s))
		return encode(name, h.Sum(nil), args, encoded)
	}
}

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
		sum := []byte(key)
		for _, v := range list[1:] {
			message, err := text(name, v)
			if err != nil {
				return vm.Null(), err
			}
			h := hmac.New(newHash, sum)
			h.Write([]byte(message))
			sum = h.Sum(nil)
		}
		return encode(name, sum, args, encoded)
	}
}

// encode writes a digest in the encoding that the second argument names, or in hex.
func encode(name string, sum []byte, args []vm.Value, encoded bool) (vm.Value, error) {
	if !encoded || arg(args, 1).IsNull() {
		return vm.String(hex.EncodeToString(sum)), nil
	}
	switch encoding := vm.HostString(args[1]); encoding {
	case "hex":
		return vm.String(hex.EncodeToString(sum)), nil
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
