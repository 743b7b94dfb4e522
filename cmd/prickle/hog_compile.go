package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/spf13/cobra"
)

func newHogCompile(p *projectFlag) *cobra.Command {
	var mode hogMode
	var output string
	cmd := &cobra.Command{
		Use:   "compile FILE",
		Short: "Compile Hog to portable bytecode",
		Long: `Prints the portable bytecode of a Hog program, as PostHog's compiler writes it; - is standard input. Functions and globals are not
checked, since they are the host's. All mistakes are found in one pass.`,
		Example: `  prickle hog compile hello.hog
  prickle hog compile hello.hog -o hello.hoge
  echo "properties.plan = 'pro'" | prickle hog compile --expression -`,
		Args: exactlyOne,
		RunE: func(_ *cobra.Command, args []string) error {
			text, name, err := p.std.read(args[0])
			if err != nil {
				return err
			}
			b, err := mode.compile(name, string(text))
			if err != nil {
				return err
			}
			if err := checkNumbers(b); err != nil {
				return err
			}
			file, err := b.File()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return writeOutput(p.std, args[0], output, file)
		},
	}
	mode.flags(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to a `file` in place of standard output")
	return cmd
}

// hogMode is what a text is: a program, an expression or a template.
type hogMode struct{ expression, template bool }

func (m *hogMode) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&m.expression, "expression", false, "the file holds one expression")
	cmd.Flags().BoolVar(&m.template, "template", false, "the file holds text with {expressions}")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if m.expression && m.template {
			return errors.New("a file holds one expression or a text with {expressions}: give --expression or --template, not both")
		}
		return nil
	}
}

// compile is the reference's form of the text. The line end that editors put at the end of a file does not belong to a template.
func (m hogMode) compile(name, text string) (code.Bytecode, error) {
	if m.template {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	}
	src := source.New(name, text)
	exact := compile.Options{Exact: true}
	if !m.expression && !m.template {
		tree, err := parser.Program(src)
		if err != nil {
			return code.Bytecode{}, err
		}
		b, _, err := compile.Program(tree, exact)
		return b, err
	}
	parse := map[bool]func(*source.Text) (*ast.Expression, error){true: parser.Template, false: parser.Expression}[m.template]
	tree, err := parse(src)
	if err != nil {
		return code.Bytecode{}, err
	}
	b, _, err := compile.Expression(tree, exact)
	return b, err
}

// checkNumbers finds the numbers that JSON has no form for.
func checkNumbers(b code.Bytecode) error {
	var errs source.ErrorList
	for i, t := range b.Tokens {
		if f, ok := t.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) && i < len(b.Offsets) {
			at := max(b.Offsets[i], 0)
			errs = append(errs, b.Source.Errorf(source.Span{Start: at, End: at + 1}, "bytecode is JSON, which has no form for %v", f))
		}
	}
	return errs.Err()
}

// writeOutput writes to a file, or to standard output when none is named. It does not write over the input.
func writeOutput(std streams, input, output string, text []byte) error {
	if output == "" || output == stdin {
		_, err := std.out.Write(text)
		return err
	}
	in, inErr := os.Stat(input)
	if out, err := os.Stat(output); err == nil && inErr == nil && os.SameFile(in, out) {
		return errors.New("the output would replace the program itself: name another file")
	}
	return os.WriteFile(output, text, 0o644)
}
