package jmap

import (
	"encoding/json"
	"math"
	"testing"
)

// TestEncodeJSON: it is what encoding/json writes.
func TestEncodeJSON(t *testing.T) {
	t.Parallel()
	type pair struct {
		Name string `json:"name"`
		Of   []int  `json:"of,omitempty"`
	}
	var none record
	var noItems []string
	for _, v := range []any{
		nil, "", "plain", "a\"b\\c", "<b>&", "\x00\x1f\x7f", "naïve \u2028 \U0001F600", "broken \xff", true, false, 0, -1, int64(math.MaxInt64), 1.5,
		record{}, none, noItems, []string{}, []string{"a", "é"}, []any{nil, 1, "x", []any{}}, []record{{"a": 1}, nil},
		map[string]bool{"$seen": true, "a\"": false}, record{"b": 1, "a": record{"c": []string{"d"}, "B": pair{"n", []int{1}}}, "é": nil, "z": &pair{}},
		json.RawMessage(`{"kept":1}`), []pair{{Name: "x"}}, map[string]string{"b": "c"},
	} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := encodeJSON(v); err != nil || string(got) != string(want) {
			t.Errorf("%#v: %s, %v; want %s", v, got, err, want)
		}
	}
	if _, err := encodeJSON(record{"f": func() {}}); err == nil {
		t.Error("a function was encoded")
	}
}
