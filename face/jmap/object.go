package jmap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// record is a JSON object that is given out.
type record = map[string]any

// member is one member of an object as it came.
type member struct {
	name  string
	value json.RawMessage
}

// object reads the members of a JSON object, in any order, with an error that stays: after the last one Done says what was wrong with all
// of them. Whatever is asked for and is not there, or null, is the zero value, unless the method says that it is required.
type object struct {
	members []member
	index   map[string]int
	asked   map[string]bool // whatever was looked for; true: and taken
	bad     badMembers
}

// badMembers is which members of an object could not be meant.
type badMembers struct {
	names []string
	says  []string
}

func (b *badMembers) Error() string { return strings.Join(b.says, "; ") }

// mostBad is how many faults of one object are told.
const mostBad = 50

func (b *badMembers) add(name, say string) { b.note(name, name+": "+say) }

func (b *badMembers) note(name, text string) {
	if len(b.names) < mostBad && !slices.Contains(b.names, name) {
		b.names, b.says = append(b.names, name), append(b.says, text)
	}
}

var errNoObject = errors.New("is no object")

// parseObject reads an object; its values are parts of raw. The request's scan has made sure that it is sound JSON without duplicates.
func parseObject(raw json.RawMessage) (*object, error) {
	o := &object{index: map[string]int{}, asked: map[string]bool{}}
	s := scan{text: raw, values: math.MaxInt, depth: math.MaxInt}
	s.space()
	if !s.accept('{') {
		return nil, errNoObject
	}
	err := s.members('}', func() error {
		name, err := s.string()
		if err != nil {
			return err
		}
		if s.space(); !s.accept(':') {
			return errSyntax
		}
		s.space()
		value, err := s.part()
		o.put(name, value)
		return err
	})
	return o, err
}

// parseArray reads an array as parseObject reads an object; ok is false where it is none.
func parseArray(raw json.RawMessage) (items []json.RawMessage, ok bool) {
	s := scan{text: raw, values: math.MaxInt, depth: math.MaxInt}
	s.space()
	if !s.accept('[') {
		return nil, false
	}
	items = []json.RawMessage{}
	err := s.members(']', func() error {
		item, err := s.part()
		items = append(items, item)
		return err
	})
	return items, err == nil
}

// Array is a member that is an array; nil where absent or null.
func (o *object) Array(name string) []json.RawMessage {
	raw := o.Raw(name)
	if raw == nil {
		return nil
	}
	items, ok := parseArray(raw)
	if !ok {
		o.Bad(name, "must be an array")
	}
	return items
}

func (o *object) put(name string, value json.RawMessage) {
	o.index[name] = len(o.members)
	o.members = append(o.members, member{name, value})
}

// Names are the names of all members, in the order in which they came.
func (o *object) Names() []string {
	names := make([]string, len(o.members))
	for i, m := range o.members {
		names[i] = m.name
	}
	return names
}

// Has reports whether a member is there and not null.
func (o *object) Has(name string) bool { return o.Raw(name) != nil }

// Given reports whether a member is there, null or not.
func (o *object) Given(name string) bool {
	if _, before := o.asked[name]; !before {
		o.asked[name] = false // looked for, not taken
	}
	_, ok := o.index[name]
	return ok
}

// Raw is a member as it came; nil where it is absent or null.
func (o *object) Raw(name string) json.RawMessage {
	o.asked[name] = true
	i, ok := o.index[name]
	if !ok || bytes.Equal(o.members[i].value, []byte("null")) {
		return nil
	}
	return o.members[i].value
}

// Bad notes that a member can't be meant.
func (o *object) Bad(name, say string, args ...any) {
	if len(args) > 0 {
		say = fmt.Sprintf(say, args...)
	}
	o.bad.add(name, say)
}

// Require notes members that are absent or null.
func (o *object) Require(names ...string) {
	for _, name := range names {
		if !o.Has(name) {
			o.Bad(name, "is required")
		}
	}
}

// Allow has Done take members that the caller reads otherwise.
func (o *object) Allow(names ...string) {
	for _, name := range names {
		o.asked[name] = true
	}
}

func value[T any](o *object, name, want string) (v T, ok bool) {
	raw := o.Raw(name)
	if raw == nil {
		return v, false
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		o.Bad(name, "must be %s", want)
		var zero T
		return zero, false
	}
	return v, true
}

// String is a string member.
func (o *object) String(name string) string { v, _ := value[string](o, name, "a string"); return v }

// OptString is a string member, and whether there is one.
func (o *object) OptString(name string) (string, bool) { return value[string](o, name, "a string") }

// Bool is a boolean member, or what it is where absent.
func (o *object) Bool(name string, absent bool) bool {
	if v, ok := value[bool](o, name, "true or false"); ok {
		return v
	}
	return absent
}

// mostInt is the greatest Int of RFC 8620 §1.3.
const mostInt = 1<<53 - 1

// OptInt is an Int (RFC 8620 §1.3).
func (o *object) OptInt(name string) (int64, bool) {
	n, ok := value[json.Number](o, name, "a whole number")
	if !ok {
		return 0, false
	}
	raw := o.Raw(name)
	i, err := n.Int64()
	if err != nil || raw[0] == '"' || i > mostInt || i < -mostInt {
		o.Bad(name, "must be a whole number from -(2^53-1) to 2^53-1")
		return 0, false
	}
	return i, true
}

// Int is an Int, or what it is where absent.
func (o *object) Int(name string, absent int64) int64 {
	if n, ok := o.OptInt(name); ok {
		return n
	}
	return absent
}

// OptUnsigned is an UnsignedInt (RFC 8620 §1.3).
func (o *object) OptUnsigned(name string) (int64, bool) {
	n, ok := o.OptInt(name)
	if ok && n < 0 {
		o.Bad(name, "must not be negative")
		return 0, false
	}
	return n, ok
}

// ID is an Id (RFC 8620 §1.2), or a creation id with "#" before it.
func (o *object) ID(name string) string {
	s, ok := o.OptString(name)
	if ok && !isID(strings.TrimPrefix(s, "#")) {
		o.Bad(name, "must be an id")
		return ""
	}
	return s
}

// isID reports whether s is an Id: 1 to 255 of A-Za-z0-9, "-" and "_" (RFC 8620 §1.2).
func isID(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// Strings is an array of strings; nil where absent or null.
func (o *object) Strings(name string) []string {
	v, ok := value[[]*string](o, name, "an array of strings")
	if !ok {
		return nil
	}
	out := make([]string, 0, len(v))
	for _, s := range v {
		if s == nil {
			o.Bad(name, "must be an array of strings")
			return nil
		}
		out = append(out, *s)
	}
	return out
}

// IDs is an array of ids; nil where absent or null.
func (o *object) IDs(name string) []string {
	ids := o.Strings(name)
	for _, id := range ids {
		if !isID(strings.TrimPrefix(id, "#")) {
			o.Bad(name, "must be an array of ids")
			return nil
		}
	}
	return ids
}

// Set is an object whose members are all true (String[Boolean] of RFC 8621), as the names; nil where absent or null.
func (o *object) Set(name string) []string {
	v := o.Object(name)
	if v == nil {
		return nil
	}
	names := make([]string, 0, len(v.members))
	for _, m := range v.members {
		if !bytes.Equal(m.value, []byte("true")) {
			o.Bad(name+"/"+m.name, "must be true")
		}
		names = append(names, m.name)
	}
	return names
}

// UTCDate is a moment (RFC 8620 §1.4); zero where absent or null.
func (o *object) UTCDate(name string) time.Time {
	s, ok := o.OptString(name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !strings.HasSuffix(s, "Z") || strings.ToUpper(s) != s {
		o.Bad(name, "must be a UTCDate such as 2014-10-30T06:12:00Z")
		return time.Time{}
	}
	return t.UTC()
}

// Object is a member that is an object; nil where absent or null.
func (o *object) Object(name string) *object {
	raw := o.Raw(name)
	if raw == nil {
		return nil
	}
	v, err := parseObject(raw)
	if err != nil {
		o.Bad(name, "must be an object")
		return nil
	}
	return v
}

// Objects is an array of objects; nil where absent or null.
func (o *object) Objects(name string) []*object {
	raws := o.Array(name)
	if raws == nil {
		return nil
	}
	all := make([]*object, 0, len(raws))
	for _, raw := range raws {
		v, err := parseObject(raw)
		if err != nil {
			o.Bad(name, "must be an array of objects")
			return nil
		}
		all = append(all, v)
	}
	return all
}

// Take adds what was wrong with a member that is an object to what is wrong with this one.
func (o *object) Take(name string, v *object) {
	if v == nil {
		return
	}
	var bad *badMembers
	if errors.As(v.Done(), &bad) {
		for i, n := range bad.names {
			o.bad.note(name+"/"+n, name+"/"+bad.says[i])
		}
	}
}

// Err is what was wrong so far, *badMembers, or nil.
func (o *object) Err() error {
	if len(o.bad.names) == 0 {
		return nil
	}
	return &o.bad
}

// Done is what was wrong, *badMembers, or nil. A member that nobody asked for is wrong too.
func (o *object) Done() error {
	for _, m := range o.members {
		if !o.asked[m.name] {
			o.Bad(m.name, "is unknown")
		}
	}
	return o.Err()
}

// date writes a UTCDate.
func date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// dateOrNull is a moment, or null where there is none.
func dateOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return date(t)
}

// listOrNull is a list, or null where it is empty.
func listOrNull(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
