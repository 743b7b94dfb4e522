package main

import (
	"io"
	"regexp"

	"github.com/prickle-dev/prickle/hog/code"
	"github.com/spf13/cobra"
)

func newHogDisasm(p *projectFlag) *cobra.Command {
	var mode hogMode
	cmd := &cobra.Command{
		Use:   "disasm FILE",
		Short: "List the instructions of a Hog program",
		Long: `Lists bytecode, or what a Hog program is compiled to: the index of each instruction's first token, its name and its operands. Jumps lead
to labels, bodies of functions are indented, and beside the first instruction of each source line stands that line. - is standard input.`,
		Example: `  prickle hog disasm hello.hog
  prickle hog disasm hello.hoge`,
		Args: exactlyOne,
		RunE: func(_ *cobra.Command, args []string) error {
			text, name, err := p.std.read(args[0])
			if err != nil {
				return err
			}
			var b code.Bytecode
			if isBytecode.Match(text) {
				b, err = decodeBytecode(name, text)
			} else {
				b, err = mode.compile(name, string(text))
			}
			if err != nil {
				return err
			}
			_, err = io.WriteString(terminalSafe(p.std.out), b.Disassemble())
			return err
		},
	}
	mode.flags(cmd)
	return cmd
}

// isBytecode tells bytecode from a program, which would begin with a list that nobody uses.
var isBytecode = regexp.MustCompile(`^\s*\[\s*"_[Hh]"`)
