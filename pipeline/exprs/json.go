package exprs

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func (p program) encode(v any) ([]byte, error) {
	out, err := appendJSON(nil, v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.code.Pos, err)
	}
	return out, nil
}

// appendJSON appends v as JSON text. Objects have their keys in order, so that equal values have equal texts.
func appendJSON(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return rawjson.AppendString(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		return appendFloat(dst, v)
	case time.Time:
		return rawjson.AppendString(dst, v.UTC().Format(pipeline.TimeFormat)), nil
	case time.Duration:
		return appendFloat(dst, v.Seconds())
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Slice, reflect.Array:
		return appendList(dst, rv)
	case reflect.Map:
		return appendObject(dst, rv)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64: // time.Month, time.Weekday
		return strconv.AppendInt(dst, rv.Int(), 10), nil
	}
	return nil, fmt.Errorf("a %T has no form in JSON", v)
}

func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v has no form in JSON", f)
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64), nil
}

func appendList(dst []byte, list reflect.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range list.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(dst, list.Index(i).Interface()); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, object reflect.Value) ([]byte, error) {
	type member struct {
		key   string
		value any
	}
	var members []member
	for iter := object.MapRange(); iter.Next(); {
		members = append(members, member{fmt.Sprint(iter.Key().Interface()), iter.Value().Interface()})
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.key, b.key) })
	dst = append(dst, '{')
	var err error
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(rawjson.AppendString(dst, m.key), ':')
		if dst, err = appendJSON(dst, m.value); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
