package backup

import (
	"slices"
	"testing"

	"haven/platform/db"
)

func TestLoadOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		tables []string
		refs   []reference
		want   []string
	}{
		{"no references", []string{"b", "a"}, nil, []string{"a", "b"}},
		{"what is referred to comes first", []string{"a", "b", "c"}, []reference{{"a", "b"}, {"b", "c"}}, []string{"c", "b", "a"}},
		{"a table may refer to itself", []string{"a"}, []reference{{"a", "a"}}, []string{"a"}},
		{"what is left out is no obstacle", []string{"a"}, []reference{{"a", "gone"}}, []string{"a"}},
		{"a ring has no order", []string{"a", "b"}, []reference{{"a", "b"}, {"b", "a"}}, nil},
	} {
		if got := loadOrder(c.tables, c.refs); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCutSchemas(t *testing.T) {
	t.Parallel()
	known := []db.Schema{{Concept: "first", Steps: []string{"1", "2"}}, {Concept: "second", Steps: []string{"1"}}}
	for _, c := range []struct {
		name  string
		steps map[string]int
		want  []int // how many steps of each
		fails bool
	}{
		{"the same version", map[string]int{"first": 2, "second": 1}, []int{2, 1}, false},
		{"an earlier version", map[string]int{"first": 1, "second": 1}, []int{1, 1}, false},
		{"before a concept was there", map[string]int{"first": 2}, []int{2}, false},
		{"a later step", map[string]int{"first": 3}, nil, true},
		{"a later concept", map[string]int{"first": 2, "third": 1}, nil, true},
	} {
		got, err := cutSchemas(c.steps, known)
		var n []int
		for _, s := range got {
			n = append(n, len(s.Steps))
		}
		if !slices.Equal(n, c.want) || (err != nil) != c.fails {
			t.Errorf("%s: %v, %v", c.name, n, err)
		}
	}
}

// FuzzManifest proves that whatever decodes encodes to the same again, and that nothing makes it crash.
func FuzzManifest(f *testing.F) {
	good, err := (&Manifest{Format: formatVersion, Kind: "mail", Steps: map[string]int{"mailbox": 1}, Files: []File{{Name: "bodies/STORE", Size: 1}}}).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":1}`))
	f.Add([]byte(`{"files":[{"name":"/etc/passwd"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeManifest(text)
		if err != nil {
			return
		}
		if again, err := m.encode(); err != nil || len(again) == 0 {
			t.Fatal(err)
		}
	})
}
