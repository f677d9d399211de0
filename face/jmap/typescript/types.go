package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"haven/face/jmap"
)

//go:embed standard.ts
var standard []byte

// writer writes declarations. What goes wrong stays, and is told at the end.
type writer struct {
	bytes.Buffer
	d     jmap.Described
	given map[string]bool // structs that clients give too, and so have a form with what may be left out
	err   error
}

// types is the whole of types.ts.
func types(d jmap.Described) ([]byte, error) {
	w := &writer{d: d}
	w.Write(standard)
	w.findGiven()
	w.roles()
	for _, s := range d.Structs {
		w.structure(s)
	}
	for _, t := range d.Types {
		w.dataType(t)
	}
	w.parsed()
	w.capabilities()
	w.methods()
	return w.Bytes(), w.err
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *writer) says(indent, text string) {
	if text != "" {
		w.line("%s/** %s */", indent, text)
	}
}

// block is an interface, or a type of that body.
func (w *writer) block(says, head string, body func()) {
	w.line("")
	w.says("", says)
	w.line("export interface %s {", head)
	body()
	w.line("}")
}

// member is one member of a block.
func (w *writer) member(p jmap.Property, typ string, optional, readonly bool) {
	w.says("  ", upper(p.Says))
	w.line("  %s%s%s: %s;", map[bool]string{true: "readonly "}[readonly], key(p.Name), map[bool]string{true: "?"}[optional], typ)
}

// upper makes a sentence of what is said of a member.
func upper(says string) string {
	if says == "" {
		return ""
	}
	return strings.ToUpper(says[:1]) + says[1:] + "."
}

var identifier = regexp.MustCompile(`^\w+$`)

// key is the name of a member as it is written: data:asText needs quotes.
func key(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return quote(name)
}

func quote(s string) string { return `"` + s + `"` }

func union(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, " | ")
}

func (w *writer) roles() {
	w.line("")
	w.says("", "What a Mailbox is for.")
	w.line("export type MailboxRole = %s;", union(w.d.Roles))
}

const headerMember = "  [header: `header:${string}`]: AnyHeader;"

func (w *writer) structure(s jmap.Struct) {
	w.block(s.Says, s.Name, func() {
		for _, p := range s.Shape {
			w.member(p, p.Type, p.Mark.Has(jmap.Optional), false)
		}
		if s.Headers {
			w.line(headerMember)
		}
	})
	if !w.given[s.Name] {
		return
	}
	w.block(s.Name+" as it is given.", s.Name+"Create", func() {
		for _, p := range s.Shape {
			if !p.Mark.Has(jmap.ServerSet) {
				w.member(p, w.create(p.Type), !p.Mark.Has(jmap.Required), false)
			}
		}
		if s.Headers {
			w.line(headerMember)
		}
	})
}

var word = regexp.MustCompile(`[A-Za-z]+`)

// findGiven finds the structs in what clients give, and those in them. Arguments name the form that is given themselves.
func (w *writer) findGiven() {
	w.given = map[string]bool{}
	for _, t := range w.d.Types {
		w.give(t.Shape)
	}
	for _, m := range w.d.Methods {
		for _, p := range m.Arguments {
			for _, name := range word.FindAllString(p.Type, -1) {
				if of, ok := strings.CutSuffix(name, "Create"); ok {
					w.giveStruct(of)
				}
			}
		}
	}
}

func (w *writer) give(s jmap.Shape) {
	for _, p := range s {
		if p.Mark.Has(jmap.ServerSet) {
			continue
		}
		for _, name := range word.FindAllString(p.Type, -1) {
			w.giveStruct(name)
		}
	}
}

func (w *writer) giveStruct(name string) {
	i := slices.IndexFunc(w.d.Structs, func(s jmap.Struct) bool { return s.Name == name })
	if i >= 0 && !w.given[name] {
		w.given[name] = true
		w.give(w.d.Structs[i].Shape)
	}
}

// create is a type as a client gives it.
func (w *writer) create(typ string) string {
	return word.ReplaceAllStringFunc(typ, func(name string) string {
		if w.given[name] {
			return name + "Create"
		}
		return name
	})
}

// dataType writes an object, and what of it is created, changed, filtered by and sorted by.
func (w *writer) dataType(t jmap.DataType) {
	if id := t.Name + "Id"; t.Shape[0].Type == id {
		w.line("")
		w.line("export type %s = Id<%q>;", id, t.Name)
	}
	w.block(t.Says, t.Name, func() {
		for _, p := range t.Shape {
			if !p.Mark.Has(jmap.CreateOnly) {
				w.member(p, p.Type, false, p.Mark.Has(jmap.ServerSet) || p.Mark.Has(jmap.Immutable))
			}
		}
		if t.Headers {
			w.line(headerMember)
		}
	})
	if w.has(t, "set") {
		w.creation(t)
		w.patch(t)
	}
	if w.has(t, "query") {
		w.asking(t)
	}
}

// has reports whether a type has a method.
func (w *writer) has(t jmap.DataType, verb string) bool {
	return slices.Contains(w.d.Names, t.Name+"/"+verb)
}

func (w *writer) creation(t jmap.DataType) {
	if t.Kept {
		return
	}
	w.block("What makes a "+t.Name+".", t.Name+"Create", func() {
		for _, p := range t.Shape {
			if !p.Mark.Has(jmap.ServerSet) && !p.Mark.Has(jmap.UpdateOnly) {
				w.member(p, w.create(p.Type), !p.Mark.Has(jmap.Required), false)
			}
		}
		if t.Headers {
			w.line(headerMember)
		}
	})
}

var mapOf = regexp.MustCompile(`^(?:Record|IdMap)<\w+, (.+)>$`)

// changeable are the properties that can be changed.
func changeable(t jmap.DataType) (all jmap.Shape) {
	for _, p := range t.Shape {
		if !p.Mark.Has(jmap.ServerSet) && !p.Mark.Has(jmap.Immutable) && !p.Mark.Has(jmap.CreateOnly) {
			all = append(all, p)
		}
	}
	return all
}

func (w *writer) patch(t jmap.DataType) {
	all := changeable(t)
	if len(all) == 0 {
		return
	}
	w.block("What of a "+t.Name+" can be changed.", t.Name+"Patch", func() {
		for _, p := range all {
			w.member(p, w.create(p.Type), true, false)
			if m := mapOf.FindStringSubmatch(p.Type); m != nil {
				w.line("  [member: `%s/${string}`]: %s | null;", p.Name, m[1])
			}
		}
	})
}

func (w *writer) asking(t jmap.DataType) {
	w.block("By what "+t.Name+"/query filters.", t.Name+"Condition", func() { w.arguments(t.Conditions) })
	w.line("")
	more := ""
	if len(t.SortMore) > 0 {
		more = " & " + w.inline(t.SortMore, false)
	}
	w.says("", "By what it sorts.")
	w.line("export type %sSort = Comparator<%s>%s;", t.Name, union(t.Sorts), more)
}

// arguments are members that may be left out unless they are required.
func (w *writer) arguments(s jmap.Shape) {
	for _, p := range s {
		w.member(p, p.Type, !p.Mark.Has(jmap.Required), false)
	}
}

// inline is a shape within a line; of an answer its members are there unless they are marked.
func (w *writer) inline(s jmap.Shape, answer bool) string {
	parts := make([]string, len(s))
	for i, p := range s {
		optional := !p.Mark.Has(jmap.Required)
		if answer {
			optional = p.Mark.Has(jmap.Optional)
		}
		parts[i] = key(p.Name) + map[bool]string{true: "?"}[optional] + ": " + p.Type
	}
	return "{ " + strings.Join(parts, "; ") + " }"
}

// parsed is a message that is in no account (RFC 8621 §4.9).
func (w *writer) parsed() {
	w.line("")
	w.says("", "A message that is in no account, with what was asked of it (RFC 8621 §4.9).")
	nowhere := []string{"id", "mailboxIds", "keywords", "receivedAt", "threadId"}
	w.line("export type ParsedEmail = Partial<Omit<Email, %s>> & { %s?: null };", union(nowhere), strings.Join(nowhere, "?: null; "))
}

// capabilities are what the session and its accounts say of each.
func (w *writer) capabilities() {
	all := map[string]bool{}
	for _, m := range []map[string]string{w.d.Session, w.d.Account} {
		for urn := range m {
			all[urn] = true
		}
	}
	for _, urn := range w.d.Needs {
		all[urn] = true
	}
	urns := slices.Sorted(maps.Keys(all))
	w.line("")
	w.says("", "What can be used.")
	w.line("export type Capability = %s;", union(urns))
	for _, x := range []struct {
		says, name string
		of         map[string]string
	}{{"What the service can.", "SessionCapabilities", w.d.Session}, {"What can be done in an account.", "AccountCapabilities", w.d.Account}} {
		w.block(x.says, x.name, func() {
			for _, urn := range urns {
				of := x.of[urn]
				if of == "" {
					of = "Record<string, never>"
				}
				optional := "?"
				if x.name == "SessionCapabilities" && of == "CoreCapability" {
					optional = ""
				}
				w.line("  %s%s: %s;", quote(urn), optional, of)
			}
		})
	}
}
