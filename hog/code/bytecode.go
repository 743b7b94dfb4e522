package code

import "github.com/prickle-dev/prickle/hog/source"

// Bytecode is portable bytecode: the tokens of a JSON array, starting with "_H", 1.
type Bytecode struct {
	Tokens  []any        // string, int64, *big.Int, float64, bool or nil; opcodes are Op
	Offsets []int32      // offset into the source for each token, or nil
	Source  *source.Text // or nil when loaded from elsewhere
}
