package vm

import "strconv"

// What the reference's host language shows of an object that is a dictionary already, and of one that is not yet.
const (
	objectMap   = "[object Map]"
	objectPlain = "[object Object]"
)

// HostString is the text that the reference's host language makes of a value: arrays joined by commas, dictionaries as
// [object Map]. It is for names and messages, so a list that is longer than any of those is cut short; functions that
// convert their arguments use Call.HostString.
func HostString(v Value) string {
	if v.Kind() == KindString {
		return v.str()
	}
	h := hostPrinter{textWriter: textWriter{max: maxMessage}, dict: objectMap}
	h.value(v)
	return string(h.dst)
}

// hostString is the text that operators and functions convert a value to silently.
func (m *machine) hostString(v Value) (string, error) {
	if v.Kind() == KindString {
		return v.str(), nil
	}
	return m.hostText(v, objectMap)
}

// hostText is hostString with dictionaries shown as the given text.
func (m *machine) hostText(v Value, dict string) (string, error) {
	h := hostPrinter{dict: dict}
	h.inside(m)
	h.value(v)
	return h.text()
}

type hostPrinter struct {
	textWriter
	dict string
}

func (h *hostPrinter) value(v Value) {
	switch v.Kind() {
	case KindString:
		h.raw(v.str())
	case KindArray, KindTuple:
		h.list(v, ",")
	case KindDict:
		h.dst = append(h.dst, h.dict...)
	case KindNull:
		h.dst = append(h.dst, "null"...)
	case KindBool:
		h.dst = strconv.AppendBool(h.dst, v.Truthy())
	case KindNumber:
		h.dst = appendNumber(h.dst, v.num())
	default:
		h.dst = append(h.dst, objectPlain...)
	}
}

func (h *hostPrinter) list(v Value, sep string) {
	if !h.enter(v) {
		return
	}
	for i, item := range v.array().Items {
		if h.owe(slotSize); !h.more() {
			break
		}
		if i > 0 {
			h.raw(sep)
		}
		if !item.IsNull() {
			h.value(item)
		}
	}
	h.leave()
}
