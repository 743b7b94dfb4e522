// Package code holds Hog's bytecode in its two forms.
//
// [Bytecode] is the portable form, a JSON array of tokens, as compilers write it and other machines read it; it can be
// encoded, decoded and disassembled here. [Program] is the form that package vm runs: [Load] checks portable bytecode
// once, follows its jumps, and turns what can be reached into instructions of fixed size with tables of constants, names
// and functions beside them.
package code
