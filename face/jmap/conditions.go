package jmap

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
)

// combine makes of an operator over compiled parts one test (RFC 8620 §5.5). NOT is true if none of its parts is.
func combine[T any](f *filter, compile func(*filter) (func(T) bool, error)) (func(T) bool, error) {
	var all []func(T) bool
	for _, sub := range f.Of {
		test, err := compile(sub)
		if err != nil {
			return nil, err
		}
		all = append(all, test)
	}
	some := func(x T) bool { return slices.ContainsFunc(all, func(test func(T) bool) bool { return test(x) }) }
	switch f.Op {
	case "OR":
		return some, nil
	case "NOT":
		return func(x T) bool { return !some(x) }, nil
	}
	return every(all), nil
}

// every is true where all tests are.
func every[T any](all []func(T) bool) func(T) bool {
	return func(x T) bool {
		for _, test := range all {
			if !test(x) {
				return false
			}
		}
		return true
	}
}

// conditionDone refuses a condition that names what the type can't be filtered by (RFC 8620 §5.5).
func conditionDone(o *object) error {
	if err := o.Err(); err != nil {
		return err
	}
	if err := o.Done(); err != nil {
		return fail("unsupportedFilter", "%s", err)
	}
	return nil
}

// collations are those of the core capability.
var collations = []string{"", "i;ascii-casemap", "i;unicode-casemap"}

// sortDone refuses a comparator that asks for what there is not.
func sortDone(s comparator) error {
	s.Object.Allow("property", "isAscending", "collation")
	if err := s.Object.Done(); err != nil || !slices.Contains(collations, s.Collation) {
		return fail("unsupportedSort", "A comparator has a member or a collation that is not known.")
	}
	return nil
}

// onlyChanges is what a patch changes of an object, cut to the properties that it names: those that it leaves as they were are as good as not
// named (RFC 8620 §5.3: a client may give back what is the server's to set).
func onlyChanges(before record, after *object, touched []string) (*object, error) {
	raw := map[string]json.RawMessage{}
	for _, name := range touched {
		was, err := json.Marshal(before[name])
		if err != nil {
			return nil, err
		}
		now := json.RawMessage("null")
		if v := after.Raw(name); v != nil {
			now = v
		}
		if _, known := before[name]; !known || !alike(was, now) {
			raw[name] = now
		}
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	return parseObject(text)
}

// alike reports whether two values are the same, however they are written.
func alike(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
