package fetch

import (
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/hog"
)

// Check returns an error for options that Parse passes over, as PostHog's hosts do: those of other names, and methods, headers
// and single headers that are no texts. Null is as nothing. The error says what is wrong with each.
func Check(args []hog.Value) error {
	if len(args) < 2 {
		return nil
	}
	options, ok := args[1].AsDict()
	if !ok {
		return nil // null, or what Parse refuses
	}
	var errs []error
	for i := range options.Len() {
		key, value := options.At(i)
		switch name, _ := key.AsString(); name {
		case "method":
			if !value.IsNull() && !value.IsString() {
				errs = append(errs, fmt.Errorf("method: want a text, got %s", value.Kind()))
			}
		case "headers":
			errs = append(errs, checkHeaders(value))
		case "body":
		default:
			errs = append(errs, fmt.Errorf("unknown option %s; known are method, headers and body", key.Display()))
		}
	}
	return errors.Join(errs...)
}

func checkHeaders(v hog.Value) error {
	if v.IsNull() {
		return nil
	}
	d, ok := v.AsDict()
	if !ok {
		return fmt.Errorf("headers: want an object, got %s", v.Kind())
	}
	var errs []error
	for i := range d.Len() {
		switch name, value := d.At(i); {
		case !name.IsString():
			errs = append(errs, fmt.Errorf("headers: want names that are texts, got %s", name.Display()))
		case !value.IsString() && !value.IsNull():
			errs = append(errs, fmt.Errorf("headers: want a text for %s, got %s", name.Display(), value.Kind()))
		}
	}
	return errors.Join(errs...)
}
