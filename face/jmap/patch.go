package jmap

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// patch is a PatchObject (RFC 8620 §5.3): what to put where, each place a path of member names.
type patch struct {
	steps []patchStep
}

type patchStep struct {
	pointer string // as it came, for errors
	path    []string
	value   json.RawMessage // null takes the member away, or back to its default
}

// decodePatch reads a PatchObject. It is invalidPatch where a pointer is none or is inside of what another replaces.
func decodePatch(o *object) (patch, error) {
	p := patch{steps: make([]patchStep, 0, len(o.members))}
	for _, m := range o.members {
		path, ok := splitPointer(m.name)
		if !ok || m.name == "" {
			return patch{}, refuse("invalidPatch", "No JSON pointer: "+m.name, m.name)
		}
		p.steps = append(p.steps, patchStep{m.name, path, m.value})
	}
	sorted := slices.SortedFunc(slices.Values(p.steps), func(a, b patchStep) int { return slices.Compare(a.path, b.path) })
	for i := 1; i < len(sorted); i++ {
		if a, b := sorted[i-1].path, sorted[i].path; len(a) <= len(b) && slices.Equal(a, b[:len(a)]) {
			return patch{}, refuse("invalidPatch", sorted[i].pointer+" is inside of "+sorted[i-1].pointer+", which is replaced.", sorted[i-1].pointer, sorted[i].pointer)
		}
	}
	return p, nil
}

// splitPointer is a JSON pointer without its first slash (RFC 8620 §5.3, RFC 6901 §3) as the names that it goes through.
func splitPointer(s string) (path []string, ok bool) {
	for name := range strings.SplitSeq(s, "/") {
		for i := 0; i < len(name); i++ {
			if name[i] == '~' && (i+1 == len(name) || name[i+1] != '0' && name[i+1] != '1') {
				return nil, false
			}
		}
		path = append(path, strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~"))
	}
	return path, true
}

// Properties are the properties that the patch touches, each once.
func (p patch) Properties() (names []string) {
	once := make(map[string]bool, len(p.steps))
	for _, s := range p.steps {
		if name := s.path[0]; !once[name] {
			once[name], names = true, append(names, name)
		}
	}
	return names
}

// Only refuses, as invalidProperties, a patch that touches another property than these.
func (p patch) Only(names ...string) error {
	var bad badMembers
	for _, name := range p.Properties() {
		if !slices.Contains(names, name) {
			bad.add(name, "can't be changed")
		}
	}
	if bad.names == nil {
		return nil
	}
	return &bad
}

// Without is the patch without those of its whole values that an object has already (RFC 8620 §5.3: a client may give back what is the server's to set).
func (p patch) Without(current record) (patch, error) {
	var left patch
	for _, s := range p.steps {
		was, err := json.Marshal(current[s.path[0]])
		if err != nil {
			return patch{}, err
		}
		if _, has := current[s.path[0]]; !has || len(s.path) > 1 || !alike(was, s.value) {
			left.steps = append(left.steps, s)
		}
	}
	return left, nil
}

// Whole is the value by which a property is replaced whole; nil where it is not. JSON's null is "null".
func (p patch) Whole(property string) json.RawMessage {
	for _, s := range p.steps {
		if len(s.path) == 1 && s.path[0] == property {
			return s.value
		}
	}
	return nil
}

// Members is what is put into single members of a property, such as keywords/$seen, in the client's order: nil takes one away.
func (p patch) Members(property string) (all []member, err error) {
	for _, s := range p.steps {
		switch {
		case s.path[0] != property || len(s.path) == 1:
		case len(s.path) > 2:
			return nil, refuse("invalidPatch", "There is nothing at "+s.pointer+".", s.pointer)
		case bytes.Equal(s.value, []byte("null")):
			all = append(all, member{s.path[1], nil})
		default:
			all = append(all, member{s.path[1], s.value})
		}
	}
	return all, nil
}

// Apply is the object that the patch makes of one; current is left as it is, and is what a client was or would be given. Properties of
// current are records, lists and values as encoding/json decodes them. It is invalidPatch where a pointer leads nowhere or into a list.
func (p patch) Apply(current record) (*object, error) {
	raw, err := json.Marshal(current)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	for _, s := range p.steps {
		if err := s.apply(tree); err != nil {
			return nil, err
		}
	}
	if raw, err = json.Marshal(tree); err != nil {
		return nil, err
	}
	return parseObject(raw)
}

// apply puts the value where the path leads to in a decoded object.
func (s patchStep) apply(in map[string]any) error {
	last := len(s.path) - 1
	for _, name := range s.path[:last] {
		under, ok := in[name].(map[string]any)
		if !ok {
			return refuse("invalidPatch", "There is nothing at "+s.pointer+".", s.pointer)
		}
		in = under
	}
	if bytes.Equal(s.value, []byte("null")) {
		delete(in, s.path[last]) // absent is the default
		return nil
	}
	in[s.path[last]] = s.value
	return nil
}
