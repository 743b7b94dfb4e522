package configs

import "github.com/prickle-dev/prickle/pipeline"

// DecodeFile fills into, a pointer to a struct with its defaults, from a YAML file of its own that belongs to no project, by the rules of
// Component.Decode. There are no variables and no includes in such a file: ${NAME} stands for itself. The error is an Errors with
// everything that is wrong.
func DecodeFile(path string, into any) error {
	files := newFileSet()
	l := &loader{decoder: decoder{files: files}, read: map[string]bool{}, alone: true}
	pos := pipeline.Pos{File: path}
	n, ok := l.open(path, pos)
	errs := l.errs
	switch {
	case !ok:
	case n == nil || n.empty():
		errs = append(errs, pipeline.Errorf(pos, "the file is empty"))
	default:
		errs = append(errs, AsErrors(Component{Pos: n.pos, node: n, files: files}.Decode(into))...)
	}
	return files.explain(errs)
}
