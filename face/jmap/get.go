package jmap

import (
	"cmp"

	"haven"
)

// get is a type's /get (RFC 8620 §5.1).
func (c *call) get(t getter) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	ids, named := c.args.IDs("ids"), c.args.Has("ids")
	want := c.wanted("properties", t)
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	state, err := t.State(c, v)
	if err != nil {
		return nil, err
	}
	if !named {
		if ids, err = t.All(c, v); err != nil {
			return nil, err
		}
	}
	out, err := c.read(ids, want, func(ids []string, add func(string, any)) error { return t.Read(c, v, ids, want, add) })
	if err != nil {
		return nil, err
	}
	out["accountId"], out["state"] = c.args.String("accountId"), state
	return out, nil
}

// propertied is a type whose objects have properties that a client chooses among.
type propertied interface {
	Properties() (all, usual []string)
}

// mostProperties is how many properties a client may name: all that any type has, and many of header fields.
const mostProperties = 100

// wanted reads the properties that an argument names; one that the type does not have is refused.
func (c *call) wanted(argument string, t propertied) properties {
	all, usual := t.Properties()
	names := c.args.Strings(argument)
	if len(names) > mostProperties {
		c.args.Bad(argument, "names more than %d properties", mostProperties)
		names = nil
	}
	if names == nil {
		names = usual
	} else {
		known := make(map[string]bool, len(all))
		for _, name := range all {
			known[name] = true
		}
		more, _ := t.(accepter)
		for _, name := range names {
			if !known[name] && (more == nil || !more.Accepts(name)) {
				c.args.Bad(argument, "has the unknown property %q", name)
			}
		}
	}
	return wanting(names)
}

func wanting(names []string) properties {
	p := properties{names, make(map[string]bool, len(names))}
	for _, name := range names {
		p.set[name] = true
	}
	return p
}

// read reads each id once, by objects, which adds those that there are: list has them in the order of ids, notFound the others.
func (c *call) read(ids []string, want properties, objects func(ids []string, add func(id string, object any)) error) (record, error) {
	if err := atMost(len(ids), c.srv.o.Policy.Get, "objects can be read"); err != nil {
		return nil, err
	}
	list, notFound := []any{}, []string{}
	real, names := make([]string, 0, len(ids)), make([]string, 0, len(ids))
	once := make(map[string]bool, len(ids))
	for _, name := range ids {
		id, ok := c.resolve(name)
		switch {
		case once[name]:
			continue
		case !ok:
			notFound = append(notFound, name)
		default:
			real, names = append(real, id), append(names, name)
		}
		once[name] = true
	}
	there, room := make(map[string]encoded, len(real)), c.room()
	err := objects(real, func(id string, o any) { there[id] = room.put(cut(o, id, want)) })
	if err = cmp.Or(room.err, err); err != nil {
		return nil, err
	}
	given := make(map[string]bool, len(real))
	for i, id := range real {
		o, ok := there[id]
		switch {
		case !ok:
			notFound = append(notFound, names[i])
		case !given[id]: // a creation id and the id itself may name the same
			list, given[id] = append(list, o), true
		}
	}
	return record{"list": list, "notFound": notFound}, nil
}

// cut leaves of a record what is wanted, and its id.
func cut(o any, id string, want properties) any {
	r, ok := o.(record)
	if !ok {
		return o
	}
	for name := range r {
		if !want.set[name] {
			delete(r, name)
		}
	}
	r["id"] = id
	return r
}
