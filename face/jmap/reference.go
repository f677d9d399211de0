package jmap

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// refer puts into arguments what they refer to in earlier answers (RFC 8620 §3.7): "#ids" with a ResultReference becomes "ids".
func (r *run) refer(args json.RawMessage) (json.RawMessage, error) {
	if !bytes.Contains(args, []byte(`"#`)) && !bytes.Contains(args, []byte(`"\u0023`)) {
		return args, nil
	}
	o, err := parseObject(args)
	if err != nil {
		return nil, err
	}
	size, any := int64(len(args)), false
	for i, m := range o.members {
		name, is := strings.CutPrefix(m.name, "#")
		if !is {
			continue
		}
		if o.Given(name) {
			return nil, fail("invalidArguments", "Both %q and %q are given.", name, m.name)
		}
		value, err := r.referred(m.value)
		if err != nil {
			return nil, err
		}
		if size += int64(len(value)); size > r.srv.o.Policy.RequestOctets {
			return nil, fail("requestTooLarge", "What %q refers to is too large for arguments.", m.name)
		}
		o.members[i], any = member{name, value}, true
	}
	if !any {
		return args, nil
	}
	return o.encode()
}

// encode writes the object as it is now, in order.
func (o *object) encode() (json.RawMessage, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o.members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quoted(m.name))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// badReference is the answer to a reference that leads nowhere.
func badReference(say string) error { return fail("invalidResultReference", say) }

// referred is what a ResultReference stands for: of the first answer with that call id, which has to have that name.
func (r *run) referred(raw json.RawMessage) (json.RawMessage, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, badReference("A reference is an object.")
	}
	o.Require("resultOf", "name", "path")
	of, name, path := o.String("resultOf"), o.String("name"), o.String("path")
	if err := o.Done(); err != nil {
		return nil, badReference(err.Error())
	}
	for _, a := range r.answers {
		if a.id != of {
			continue
		}
		if a.name != name {
			return nil, badReference("The first answer of that call is not " + name + ".")
		}
		return r.evaluate(a.result, path)
	}
	return nil, badReference("No call before this one has the id " + strconv.Quote(of) + ".")
}

// evaluate follows a path of RFC 8620 §3.7: a JSON pointer (RFC 6901) in which "*" goes through every item of an array.
func (r *run) evaluate(raw json.RawMessage, path string) (json.RawMessage, error) {
	if path == "" {
		return raw, nil
	}
	rest, ok := strings.CutPrefix(path, "/")
	names, sound := splitPointer(rest)
	if !ok || !sound || len(names) > 32 {
		return nil, badReference("The path is no JSON pointer.")
	}
	return r.step(raw, names)
}

// traceTimes is how often the answers of a request, were they as long as they may be, are gone through for its references.
const traceTimes = 4

// trace counts octets of an answer that are gone through for a reference.
func (r *run) trace(raw json.RawMessage) error {
	if r.traced += int64(len(raw)); r.traced > traceTimes*r.srv.o.Policy.AnswerOctets {
		return fail("requestTooLarge", "So much is not gone through for the references of one request. Go on with another one.")
	}
	return nil
}

// step follows the names of a path, one after the other.
func (r *run) step(raw json.RawMessage, names []string) (json.RawMessage, error) {
	if len(names) == 0 {
		return raw, nil
	}
	if err := r.trace(raw); err != nil {
		return nil, err
	}
	switch name := names[0]; {
	case len(raw) > 0 && raw[0] == '{':
		o, err := parseObject(raw)
		if err != nil {
			return nil, err
		}
		i, there := o.index[name]
		if !there {
			return nil, badReference("There is no member " + strconv.Quote(name) + ".")
		}
		return r.step(o.members[i].value, names[1:])
	case len(raw) > 0 && raw[0] == '[':
		items, ok := parseArray(raw)
		if !ok {
			return nil, errSyntax
		}
		if name == "*" {
			return r.through(items, names[1:])
		}
		i, err := strconv.ParseUint(name, 10, 31)
		if err != nil || i >= uint64(len(items)) || strconv.FormatUint(i, 10) != name {
			return nil, badReference("There is no item " + strconv.Quote(name) + ".")
		}
		return r.step(items[i], names[1:])
	}
	return nil, badReference("The path leads into what is neither object nor array.")
}

// through follows the rest of a path in every item; what is an array there is taken apart into one.
func (r *run) through(items []json.RawMessage, names []string) (json.RawMessage, error) {
	all := make([]json.RawMessage, 0, len(items))
	for _, item := range items {
		value, err := r.step(item, names)
		if err != nil {
			return nil, err
		}
		if len(value) > 0 && value[0] == '[' {
			inner, ok := parseArray(value)
			if !ok {
				return nil, errSyntax
			}
			all = append(all, inner...)
			continue
		}
		all = append(all, value)
	}
	return json.Marshal(all)
}
