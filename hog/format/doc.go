// Package format rewrites Hog source in one canonical layout, as gofmt does for Go. Comments are kept, the meaning never
// changes, and text that is formatted already comes back as it is.
//
// # Layout
//
//   - Four spaces a level, one statement a line, "{" on the line of its statement, lines of at most 100 characters where
//     something can be broken.
//   - What does not fit is broken at its outermost level: arguments, parameters, arrays, tuples and dictionaries get one
//     element a line with a comma after the last; a run of operators of one precedence (and, or, ||, + and the others)
//     gets one operand a line, the operator in front; ? : and case get one part a line. What fits is joined again, but
//     an array or dictionary that is written with a line break after its opening bracket stays broken.
//   - An argument that is a function with a block, or a last argument that is an array or dictionary, is broken alone:
//     the call stays around it.
//   - A block with one simple statement that is written on one line stays there when it fits. The blocks of one if or
//     try are broken together.
//   - Blank lines are kept, but only one at a time and none at the ends of a block or file.
//   - Keywords are in lower case. Of several spellings of one token there is one: == (not =), != (not <>), =~ (not ~),
//     =~* (not ~*), fn (not fun). Names, numbers, strings and parentheses are as written.
//   - Semicolons are dropped unless the statements on both sides would join: Hog does not end statements at a line's
//     end, so a call, an index, a sign or a word such as "not" on the next line can belong to the line before.
//   - Template strings, tags and SQL, (select ...) and sql(...), are as written.
//   - A comment on a line of its own stays on one, before what follows it; one behind code stays behind it, and those of
//     lines that follow each other stand one below the other. What has a comment of several lines in it is broken. Line
//     ends are LF, a byte order mark is dropped.
//
// # How it works
//
// The text is laid out from its tokens, each of which is written exactly once together with the comments around it, so
// nothing can get lost. The tree only decides what tokens alone can not: where statements begin, which braces are blocks
// and which words are operators. The tokens become a [doc], which says where lines may be broken, and the printer
// chooses where they are. In the end the result is parsed and its tree and comments compared with those of the source.
package format
