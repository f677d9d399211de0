package jmap

import (
	"encoding/json"
	"maps"
	"slices"

	"haven"
)

// query is a type's /query (RFC 8620 §5.5).
func (c *call) query(t querier) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	q, w := c.asking(), c.window()
	total := c.args.Bool("calculateTotal", false)
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	f, err := t.Query(c, v, q)
	if err != nil {
		return nil, err
	}
	position, part, err := w.of(f.IDs)
	if err != nil {
		return nil, err
	}
	r := record{"accountId": c.args.String("accountId"), "queryState": f.State, "canCalculateChanges": f.Calculate, "position": position, "ids": part}
	if total {
		r["total"] = f.IDs.Len()
	}
	if w.limited {
		r["limit"] = w.limit
	}
	maps.Copy(r, f.Extra)
	return r, nil
}

// askedFilter reads filter; nil for everything.
func (c *call) askedFilter() *filter {
	budget := c.srv.o.Policy.Conditions
	f := c.filter(c.args.Raw("filter"), 1, &budget)
	if budget < 0 {
		c.args.Bad("filter", "has more than %d conditions", c.srv.o.Policy.Conditions)
		return nil
	}
	return f
}

// asking reads filter and sort.
func (c *call) asking() asking {
	q := asking{Filter: c.askedFilter()}
	for _, o := range c.args.Objects("sort") {
		o.Require("property")
		s := comparator{Property: o.String("property"), Descending: !o.Bool("isAscending", true), Collation: o.String("collation"), Object: o}
		if err := o.Err(); err != nil {
			c.args.Bad("sort", "%s", err)
		}
		if q.Sort = append(q.Sort, s); len(q.Sort) > mostSorts {
			c.args.Bad("sort", "has more than %d comparators", mostSorts)
			return q
		}
	}
	return q
}

const (
	mostSorts   = 16
	filterDepth = 16
)

// filter reads a filter, at most so many conditions and operators.
func (c *call) filter(raw json.RawMessage, depth int, budget *int) *filter {
	if raw == nil {
		return nil
	}
	o, err := parseObject(raw)
	if *budget--; *budget < 0 || depth > filterDepth || err != nil {
		c.args.Bad("filter", "is no filter, or is nested too deep")
		return nil
	}
	if !o.Given("operator") {
		return &filter{Condition: o}
	}
	f := &filter{Op: o.String("operator")}
	of, ok := parseArray(o.Raw("conditions"))
	if !slices.Contains([]string{"AND", "OR", "NOT"}, f.Op) || !ok || o.Done() != nil {
		c.args.Bad("filter", "has an operator that is not AND, OR or NOT over conditions")
		return nil
	}
	for _, raw := range of {
		if *budget < 0 {
			return nil
		}
		if sub := c.filter(raw, depth+1, budget); sub != nil {
			f.Of = append(f.Of, sub)
		}
	}
	return f
}

// window is which part of the ids a client wants.
type window struct {
	position int64
	anchor   string
	offset   int64
	limit    int
	limited  bool // by us, which the answer tells
}

func (c *call) window() window {
	w := window{position: c.args.Int("position", 0), offset: c.args.Int("anchorOffset", 0), limit: c.srv.o.Policy.Results, limited: true}
	if anchor, ok := c.args.OptString("anchor"); ok {
		if w.anchor, ok = c.resolve(anchor); !ok {
			w.anchor = anchor // which is then not found
		}
	}
	if limit, ok := c.args.OptUnsigned("limit"); ok && limit <= int64(w.limit) {
		w.limit, w.limited = int(limit), false
	}
	return w
}

// of is the part of ids that is wanted, and where it begins.
func (w *window) of(ids idList) (position int, part []string, err error) {
	at := w.position
	switch {
	case w.anchor != "":
		i := ids.Index(w.anchor)
		if i < 0 {
			return 0, nil, errAnchorNotFound
		}
		at = max(0, int64(i)+w.offset)
	case at < 0:
		at = max(0, int64(ids.Len())+at)
	}
	if at >= int64(ids.Len()) {
		w.limited = false
		return int(min(at, mostInt)), []string{}, nil
	}
	n := ids.Len() - int(at)
	if n > w.limit {
		n = w.limit
	} else {
		w.limited = false
	}
	part = make([]string, n)
	for i := range part {
		part[i] = ids.At(int(at) + i)
	}
	return int(at), part, nil
}

// queryChanges is a type's /queryChanges (RFC 8620 §5.6).
func (c *call) queryChanges(t queryChanger) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("sinceQueryState")
	q, since, most := c.asking(), c.args.String("sinceQueryState"), c.mostChanges()
	upTo, _ := c.resolve(c.args.ID("upToId"))
	total := c.args.Bool("calculateTotal", false)
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	d, err := t.QueryChanges(c, v, q, since)
	if err != nil {
		return nil, err
	}
	removed, added := d.cut(upTo)
	if most > 0 && len(removed)+len(added) > most {
		return nil, errTooManyChanges
	}
	r := record{"accountId": c.args.String("accountId"), "oldQueryState": since, "newQueryState": d.State, "removed": removed, "added": added}
	if total {
		r["total"] = d.IDs.Len()
	}
	maps.Copy(r, d.Extra)
	return r, nil
}

// addedItem says where an id stands now (RFC 8620 §5.6).
type addedItem struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

// cut makes of what was touched what the client takes out and puts in: all that was touched is taken out, wherever it stood, and what of it is
// in the result now is put where it stands. Behind upTo, where that is in the result, nothing is put.
func (d delta) cut(upTo string) (removed []string, added []addedItem) {
	once := make(map[string]bool, len(d.Touched))
	removed, added = []string{}, []addedItem{}
	for _, id := range d.Touched {
		if !once[id] {
			once[id], removed = true, append(removed, id)
		}
	}
	last := d.IDs.Len()
	if i := d.IDs.Index(upTo); d.Immutable && upTo != "" && i >= 0 {
		last = i
	}
	for _, item := range d.IDs.Where(removed) {
		if item.Index <= last {
			added = append(added, item)
		}
	}
	return removed, added
}
