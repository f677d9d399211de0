package jmap

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// written keeps buffers that answers are written in. Large ones are let go.
var written = sync.Pool{New: func() any { return new([]byte) }}

const keptWritten = 1 << 20

// encodeJSON is v as JSON, members in the order of their names. It gives what json.Marshal gives; what answers are mostly made of is
// written without reflection.
func encodeJSON(v any) (json.RawMessage, error) {
	buf := written.Get().(*[]byte)
	b, err := appendJSON((*buf)[:0], v)
	out := bytes.Clone(b)
	if cap(b) <= keptWritten {
		*buf = b
		written.Put(buf)
	}
	return out, err
}

func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case encoded:
		return append(b, v...), nil
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case record:
		return appendMembers(b, v)
	case map[string]bool:
		return appendMembers(b, v)
	case []any:
		return appendItems(b, v)
	case []string:
		return appendItems(b, v)
	case []record:
		return appendItems(b, v)
	}
	raw, err := json.Marshal(v)
	return append(b, raw...), err
}

func appendMembers[V any](b []byte, m map[string]V) (_ []byte, err error) {
	if m == nil {
		return append(b, "null"...), nil
	}
	var few [32]string
	names := slices.AppendSeq(few[:0], maps.Keys(m))
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendString(b, name); err != nil {
			return b, err
		}
		b = append(b, ':')
		if b, err = appendJSON(b, m[name]); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func appendItems[V any](b []byte, list []V) (_ []byte, err error) {
	if list == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, list[i]); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendString writes a string; one that has to be escaped is left to encoding/json.
func appendString(b []byte, s string) ([]byte, error) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			raw, err := json.Marshal(s)
			return append(b, raw...), err
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"'), nil
}
