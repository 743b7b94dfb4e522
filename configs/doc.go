// Package configs loads a project: a folder with prickle.yaml, or a YAML file. It knows the shape of a project but no component; each
// component's part is kept as it stands, with its places, and decoded when the component's owner asks for it.
//
// # Files
//
// A file may include others: `include: [other.yaml, pipelines/*.yaml]`, relative to itself. Pipelines and sources of all files come
// together; every other section is given once. One mapping may be reused by anchors, aliases and merge keys (<<).
//
// # Environment
//
// In every value, but not in keys, ${NAME} stands for a variable of the environment and ${NAME:-text} for text when the variable is unset
// or empty. A variable that is unset and has no such text is a mistake. Only "${" is special: $${ gives ${ itself, and any other dollar
// sign, as in "$pageview", stands for itself. Variables are put in after the YAML is parsed, so that their content never changes
// the structure. The type of a value that is not in quotes is found afterwards: `events: ${N}` is a number. Inside { } and [ ] YAML
// itself needs quotes around "${N}", which is then still taken for a number where one is wanted.
//
// # Mistakes
//
// All mistakes are found in one pass and say file, line and column, what is wrong and what to write instead. Messages quote a value as it
// is written, never what a variable held; the source lines shown with them have stars in place of secrets.
package configs
