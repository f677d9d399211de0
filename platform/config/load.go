package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"haven/platform/policy"
)

// Origin is where a value came from: "default", "profile nhsmail-2017", or "haven.toml:12".
type Origin = string

// Loaded is a configuration with the origin of each key that is not a default.
type Loaded struct {
	Config
	Origins map[string]Origin
	wrong   []mistake // for Print alone: with one of them nothing is served
}

// Load reads a file. The error names every mistake, one a line, each with its line in the file and what to do. Where all
// keys were understood, what was read comes beside the error, to be printed and for nothing else.
func Load(file string) (*Loaded, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the configuration can't be read: %w; name another file with --config", err)
	}
	return Parse(file, text)
}

// Parse reads the text of a file of that name, and checks the values against each other.
func Parse(file string, text []byte) (*Loaded, error) {
	values, err := flatten(file, text)
	if err != nil {
		return nil, err
	}
	l := &Loaded{Config: Default(), Origins: map[string]Origin{}}
	var faults Faults
	for i, v := range values { // the profile first: what else the file says changes it
		if v.key != "policy.profile" {
			continue
		}
		p, err := policy.Profile(fmt.Sprint(v.value))
		if err != nil {
			faults.add(file, v.line, v.key, err.Error())
		} else {
			l.Policy = p
			l.Origins["policy.profile"] = at(file, v.line)
		}
		values = slices.Delete(values, i, i+1)
		break
	}
	known := fields(&l.Config)
	for _, v := range values {
		f, ok := known[v.key]
		if !ok {
			faults.add(file, v.line, v.key, "unknown key; "+suggest(v.key, known))
			continue
		}
		if err := set(f.value, v.value); err != nil {
			faults.add(file, v.line, v.key, err.Error())
			continue
		}
		l.Origins[v.key] = at(file, v.line)
	}
	understood := len(faults) == 0
	l.wrong = l.check()
	for _, m := range l.wrong {
		faults.add(file, lineOf(values, m.key), m.key, m.what)
	}
	switch {
	case len(faults) == 0:
		return l, nil
	case understood:
		return l, faults
	}
	return nil, faults
}

func at(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

func lineOf(values []entry, key string) int {
	for _, v := range values {
		if v.key == key {
			return v.line
		}
	}
	return 0
}

// Faults are the mistakes of a file, in order.
type Faults []string

func (f Faults) Error() string { return strings.Join(f, "\n") }

func (f *Faults) add(file string, line int, key, what string) {
	where := file
	if line > 0 {
		where = at(file, line)
	}
	*f = append(*f, fmt.Sprintf("%s: %s: %s", where, key, what))
}

// entry is one key of the file with its value as TOML understood it.
type entry struct {
	key   string
	line  int
	value any
}

// flatten reads TOML into keys with dots, in the order of the file, each with its line.
func flatten(file string, text []byte) ([]entry, error) {
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		var where *toml.DecodeError
		if ok := asDecodeError(err, &where); ok {
			row, _ := where.Position()
			return nil, Faults{fmt.Sprintf("%s: %s; write it as TOML", at(file, row), strings.TrimPrefix(where.Error(), "toml: "))}
		}
		return nil, Faults{fmt.Sprintf("%s: %v", file, err)}
	}
	lines := keyLines(text)
	var out []entry
	collect("", tree, func(key string, v any) { out = append(out, entry{key, lines[key], v}) })
	slices.SortFunc(out, func(a, b entry) int { return a.line - b.line })
	return out, nil
}

func asDecodeError(err error, to **toml.DecodeError) bool {
	e, ok := err.(*toml.DecodeError)
	if ok {
		*to = e
	}
	return ok
}

func collect(prefix string, tree map[string]any, fn func(string, any)) {
	for k, v := range tree {
		if sub, ok := v.(map[string]any); ok {
			collect(prefix+k+".", sub, fn)
		} else {
			fn(prefix+k, v)
		}
	}
}

// keyLines finds the line of each key in text that is known to be TOML.
func keyLines(text []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		line := 0
		for it := e.Key(); it.Next(); {
			n := it.Node()
			parts = append(parts, string(n.Data))
			if line == 0 {
				line = p.Shape(n.Raw).Start.Line
			}
		}
		key := strings.Join(parts, ".")
		if e.Kind == unstable.Table || e.Kind == unstable.ArrayTable {
			table = key + "."
			lines[key] = line
			continue
		}
		lines[table+key] = line
	}
	return lines
}

// field is one settable value of the struct.
type field struct {
	value reflect.Value
	doc   string
}

// fields maps keys to the fields of c.
func fields(c *Config) map[string]field {
	out := map[string]field{}
	walk("", reflect.ValueOf(c).Elem(), func(key string, f field) { out[key] = f })
	return out
}

func walk(prefix string, v reflect.Value, fn func(string, field)) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		key := prefix + snake(sf.Name)
		if key == "policy.name" {
			key = "policy.profile"
		}
		if sf.Type.Kind() == reflect.Struct {
			walk(key+".", v.Field(i), fn)
			continue
		}
		fn(key, field{v.Field(i), sf.Tag.Get("doc")})
	}
}

// snake is a Go field name as a key: MinLength is min_length, SMTP is smtp, KeysURL is keys_url, Argon2KiB is argon2_kib.
func snake(name string) string {
	name = strings.ReplaceAll(name, "KiB", "Kib")
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		upper := c >= 'A' && c <= 'Z'
		if upper && i > 0 {
			before := name[i-1] >= 'a' && name[i-1] <= 'z' || name[i-1] >= '0' && name[i-1] <= '9'
			after := i+1 < len(name) && name[i+1] >= 'a' && name[i+1] <= 'z'
			if before || after && name[i-1] >= 'A' && name[i-1] <= 'Z' {
				b.WriteByte('_')
			}
		}
		if upper {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// suggest names the known key that is nearest.
func suggest(key string, known map[string]field) string {
	best, least := "", 4
	for k := range known {
		if d := distance(key, k); d < least || d == least && k < best {
			best, least = k, d
		}
	}
	if best == "" {
		return "`haven config print` lists those there are"
	}
	return "did you mean " + best + "?"
}

// distance is how many letters two keys differ by (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
