package backup

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"haven/platform/db"
	"haven/platform/errs"
)

func isPostgres(c db.Config) bool {
	return strings.HasPrefix(c.Path, "postgres://") || strings.HasPrefix(c.Path, "postgresql://")
}

// overlap reports whether one of two folders is the other or lies inside it. A folder that can't be named overlaps.
func overlap(a, b string) bool {
	a, b = real(a), real(b)
	return a == "" || b == "" || inside(a, b) || inside(b, a)
}

func inside(child, parent string) bool {
	rel, err := filepath.Rel(parent, child)
	return err != nil || rel == "." || filepath.IsLocal(rel)
}

// real is a folder's path without links, also when its last parts are not there yet.
func real(dir string) string {
	if dir == "" {
		return ""
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	rest := ""
	for at := abs; ; at = filepath.Dir(at) {
		if found, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(found, rest)
		}
		if at == filepath.Dir(at) {
			return abs
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// cutSchemas are the schemas as far as a back-up's database had them. A concept or a step that the program doesn't know
// is Invalid: a newer version made the back-up.
func cutSchemas(steps map[string]int, known []db.Schema) ([]db.Schema, error) {
	rest := maps.Clone(steps)
	var out []db.Schema
	for _, s := range known {
		n, had := steps[s.Concept]
		delete(rest, s.Concept)
		switch {
		case n > len(s.Steps):
			return nil, errs.E(errs.Invalid, "The back-up was made by a newer version of Haven: its tables of %q are at step %d, "+
				"this version knows %d. Restore it with that version.", s.Concept, n, len(s.Steps))
		case had:
			out = append(out, db.Schema{Concept: s.Concept, Steps: s.Steps[:n]})
		}
	}
	if len(rest) > 0 {
		return nil, errs.E(errs.Invalid, "The back-up holds tables of %q, which this version of Haven doesn't know. Restore it with the version that made it.",
			slices.Min(slices.Collect(maps.Keys(rest))))
	}
	return out, nil
}

// reference says that rows of one table refer to rows of another.
type reference struct{ from, to string }

// loadOrder sorts tables so that each comes after those it refers to; nil if they refer to each other in a ring.
func loadOrder(tables []string, refs []reference) []string {
	var out []string
	left := slices.Sorted(slices.Values(tables))
	for len(left) > 0 {
		ready := slices.DeleteFunc(slices.Clone(left), func(t string) bool {
			return slices.ContainsFunc(refs, func(r reference) bool { return r.from == t && r.to != t && slices.Contains(left, r.to) })
		})
		if len(ready) == 0 {
			return nil
		}
		out = append(out, ready...)
		left = slices.DeleteFunc(left, func(t string) bool { return slices.Contains(ready, t) })
	}
	return out
}
