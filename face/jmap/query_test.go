package jmap

import (
	"slices"
	"strings"
	"testing"
)

type queried struct {
	QueryState          string
	CanCalculateChanges bool
	Position            int
	IDs                 []string
	Total, Limit        *int
	Hint                bool
}

func TestRFC8620_5_5_Query(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Policy.Results = 50 })
	c, own := w.as(anna), w.account(anna)
	ids := make([]string, 6)
	for i, name := range []string{"f", "e", "d", "c", "b", "ab"} {
		ids[i] = w.put(anna, name)
	}
	for _, x := range []struct {
		name  string
		args  args
		want  []string
		begin int
	}{
		{"all", args{}, ids, 0},
		{"from the third", args{"position": 2, "limit": 2}, ids[2:4], 2},
		{"the last two", args{"position": -2}, ids[4:], 4},
		{"the last of more than there are", args{"position": -60, "limit": 1}, ids[:1], 0},
		{"behind the end", args{"position": 60}, []string{}, 60},
		{"none", args{"limit": 0}, []string{}, 0},
		{"from an anchor", args{"anchor": ids[3], "position": 1}, ids[3:], 3},
		{"before an anchor", args{"anchor": ids[3], "anchorOffset": -2, "limit": 1}, ids[1:2], 1},
		{"far before an anchor", args{"anchor": ids[3], "anchorOffset": -20, "limit": 1}, ids[:1], 0},
		{"after an anchor", args{"anchor": ids[3], "anchorOffset": 1}, ids[4:], 4},
		{"sorted", args{"sort": []any{args{"property": "name"}}, "limit": 2}, []string{ids[5], ids[4]}, 0},
		{"sorted downwards", args{"sort": []any{args{"property": "name", "isAscending": false}}, "limit": 2}, ids[:2], 0},
		{"filtered", args{"filter": args{"name": "b"}}, ids[4:], 0},
		{"and", args{"filter": args{"operator": "AND", "conditions": []any{args{"name": "a"}, args{"name": "b"}}}}, ids[5:], 0},
		{"or", args{"filter": args{"operator": "OR", "conditions": []any{args{"name": "c"}, args{"name": "d"}}}}, ids[2:4], 0},
		{"not", args{"filter": args{"operator": "NOT", "conditions": []any{args{"name": "b"}, args{"operator": "OR", "conditions": []any{args{"name": "c"}, args{"name": "d"}}}}}}, ids[:2], 0},
		{"null for all", args{"filter": nil, "sort": nil, "anchor": nil, "limit": nil, "position": nil}, ids, 0},
	} {
		x.args["accountId"] = own
		q := one[queried](t, c, "Thing/query", x.args)
		if !slices.Equal(q.IDs, x.want) || q.Position != x.begin || q.Total != nil || q.Limit != nil || !q.CanCalculateChanges || q.QueryState != "6" || !q.Hint || q.IDs == nil {
			t.Errorf("%s: %+v, want %q from %d", x.name, q, x.want, x.begin)
		}
	}
	for range 50 {
		w.put(anna, "z")
	}
	q := one[queried](t, c, "Thing/query", args{"accountId": own, "calculateTotal": true, "limit": 1000})
	if len(q.IDs) != 50 || q.Limit == nil || *q.Limit != 50 || q.Total == nil || *q.Total != 56 {
		t.Errorf("our own limit: %d, %v, %v", len(q.IDs), q.Limit, q.Total)
	}
}

func TestRFC8620_5_5_QueryErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.account(anna)
	deep := any(args{"name": "a"})
	for range 16 {
		deep = args{"operator": "NOT", "conditions": []any{deep}}
	}
	wide := make([]any, 200)
	for i := range wide {
		wide[i] = args{"name": "a"}
	}
	sorts := make([]any, 17)
	for i := range sorts {
		sorts[i] = args{"property": "name"}
	}
	q := func(name string, v any) args { return args{"accountId": own, name: v} }
	wantErrors(t, w.as(anna), []errorCase{
		{"an anchor that is not there", "Thing/query", q("anchor", "T999"), "anchorNotFound"},
		{"a sort that there is not", "Thing/query", q("sort", []any{args{"property": "size"}}), "unsupportedSort"},
		{"a collation that there is not", "Thing/query", q("sort", []any{args{"property": "name", "collation": "i;none"}}), "unsupportedSort"},
		{"a sort without a property", "Thing/query", q("sort", []any{args{}}), "invalidArguments"},
		{"a sort that is none", "Thing/query", q("sort", "name"), "invalidArguments"},
		{"too many sorts", "Thing/query", q("sort", sorts), "invalidArguments"},
		{"an operator that there is not", "Thing/query", q("filter", args{"operator": "XOR", "conditions": []any{}}), "invalidArguments"},
		{"an operator over nothing", "Thing/query", q("filter", args{"operator": "AND"}), "invalidArguments"},
		{"an operator with more", "Thing/query", q("filter", args{"operator": "AND", "conditions": []any{}, "name": "x"}), "invalidArguments"},
		{"a condition that is none", "Thing/query", q("filter", args{"operator": "AND", "conditions": []any{5}}), "invalidArguments"},
		{"a filter that is none", "Thing/query", q("filter", []any{}), "invalidArguments"},
		{"too deep", "Thing/query", q("filter", deep), "invalidArguments"},
		{"too many", "Thing/query", q("filter", args{"operator": "AND", "conditions": wide}), "invalidArguments"},
		{"a limit below nothing", "Thing/query", q("limit", -1), "invalidArguments"},
		{"a position that is none", "Thing/query", q("position", "1"), "invalidArguments"},
	})
	w.put(anna, "a")
	wantErrors(t, w.as(anna), []errorCase{{"a condition that there is not", "Thing/query", q("filter", args{"colour": "red"}), "unsupportedFilter"}})
}

func TestRFC8620_5_6_QueryChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, own := w.as(anna), w.account(anna)
	a, b := w.put(anna, "a"), w.put(anna, "b")
	d := w.put(anna, "d")
	one[any](t, c, "Thing/set", args{"accountId": own, "destroy": []string{a}, "update": args{b: args{"name": "z"}}})
	type changes struct {
		OldQueryState, NewQueryState string
		Removed                      []string
		Added                        []addedItem
		Total                        *int
	}
	byName := []any{args{"property": "name"}}
	ch := one[changes](t, c, "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "2", "sort": byName, "calculateTotal": true})
	if ch.OldQueryState != "2" || ch.NewQueryState != "5" || !slices.Equal(sorted(ch.Removed), sorted([]string{a, b, d})) || !slices.Equal(ch.Added, []addedItem{{d, 0}, {b, 1}}) || *ch.Total != 2 {
		t.Errorf("%+v", ch)
	}
	if cut := one[changes](t, c, "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "2", "upToId": b}); !slices.Equal(cut.Added, []addedItem{{b, 0}}) {
		t.Errorf("up to %s: %+v", b, cut)
	}
	if all := one[changes](t, c, "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "2", "upToId": d, "sort": byName}); len(all.Added) != 2 {
		t.Errorf("an order that changes: %+v", all)
	}
	if none := one[changes](t, c, "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "5"}); len(none.Removed) != 0 || none.Removed == nil || none.Added == nil {
		t.Errorf("%+v", none)
	}
	wantErrors(t, c, []errorCase{
		{"more than may be", "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "2", "maxChanges": 4}, "tooManyChanges"},
		{"as many as may be", "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "2", "maxChanges": 5}, ""},
		{"a state that there never was", "Thing/queryChanges", args{"accountId": own, "sinceQueryState": "99"}, "cannotCalculateChanges"},
		{"no state", "Thing/queryChanges", args{"accountId": own}, "invalidArguments"},
	})
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestRFC8620_1_4_UTCDate(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"2014-10-30T06:12:00Z": true, "2014-10-30T06:12:00.123Z": true, "2014-10-30T06:12:00+08:00": false, "2014-10-30t06:12:00z": false, "2014-10-30": false, "": false} {
		o, err := parseObject([]byte(`{"at":"` + text + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		at := o.UTCDate("at")
		if (o.Done() == nil) != ok || ok && !strings.HasPrefix(date(at), "2014-10-30T06:12:00") {
			t.Errorf("%q: %v, %v", text, at, o.Done())
		}
	}
}
