package main

import (
	"fmt"
	"slices"
	"strings"

	"haven/face/jmap"
)

// methods writes what each method takes and gives, and which capability it needs.
func (w *writer) methods() {
	var names []string
	for _, t := range w.d.Types {
		if !t.OfPerson {
			names = append(names, quote(t.Name))
		}
	}
	w.line("")
	w.says("", "The types of data of accounts, whose states are told.")
	w.line("export const typeNames = [%s] as const;", strings.Join(names, ", "))
	w.line("export type TypeName = (typeof typeNames)[number];")
	w.block("What each method takes and gives; object is what a /get gives of it.", "Methods", func() {
		for _, name := range w.d.Names {
			text, err := w.method(name)
			if err != nil && w.err == nil {
				w.err = err
			}
			w.Write([]byte(text))
		}
	})
	w.line("")
	w.line("export type MethodName = keyof Methods;")
	w.line("")
	w.says("", "What a request has to use for a method.")
	w.line("export const capabilityOf: Record<MethodName, Capability> = {")
	for _, name := range w.d.Names {
		w.line("  %s: %s,", quote(name), quote(w.d.Needs[name]))
	}
	w.line("};")
}

// method is one member of Methods.
func (w *writer) method(name string) (string, error) {
	if i := slices.IndexFunc(w.d.Methods, func(m jmap.Method) bool { return m.Name == name }); i >= 0 {
		return w.ownMethod(w.d.Methods[i]), nil
	}
	of, verb, _ := strings.Cut(name, "/")
	i := slices.IndexFunc(w.d.Types, func(t jmap.DataType) bool { return t.Name == of })
	if i < 0 {
		return "", fmt.Errorf("%s is a method of nothing that is described: add its type, or it, to the description of its capability (face/jmap/describe.go)", name)
	}
	m, err := standardMethod(w.d.Types[i], verb)
	if err != nil {
		return "", err
	}
	if w.d.Types[i].OfPerson {
		m = signature{"OfPerson<" + m.arguments + ">", "OfPerson<" + m.answer + ">"}
	}
	m.arguments += w.more(w.d.Types[i].Arguments[verb], false)
	m.answer += w.more(w.d.Types[i].Answers[verb], true)
	text := fmt.Sprintf("  %s: {\n    arguments: %s;\n    answer: %s;\n", quote(name), m.arguments, m.answer)
	if verb == "get" {
		text += fmt.Sprintf("    object: %s;\n", of)
	}
	return text + "  };\n", nil
}

func (w *writer) more(s jmap.Shape, answer bool) string {
	if len(s) == 0 {
		return ""
	}
	return " & " + w.inline(s, answer)
}

func (w *writer) ownMethod(m jmap.Method) string {
	arguments, answer := "Record<string, unknown>", "Record<string, unknown>"
	if m.Arguments != nil {
		arguments, answer = w.inline(m.Arguments, false), w.inline(m.Answer, true)
	}
	return fmt.Sprintf("  /** %s */\n  %s: {\n    arguments: %s;\n    answer: %s;\n  };\n", m.Says, quote(m.Name), arguments, answer)
}

// signature is what a method takes and gives.
type signature struct{ arguments, answer string }

// standardMethod is a method of RFC 8620 §5 of a type.
func standardMethod(t jmap.DataType, verb string) (signature, error) {
	filter := "Filter<" + t.Name + "Condition>"
	if t.Flat {
		filter = t.Name + "Condition"
	}
	create, patch := t.Name+"Create", t.Name+"Patch"
	if t.Kept {
		create = "never"
	}
	if len(changeable(t)) == 0 {
		patch = "never"
	}
	asked := fmt.Sprintf("<%s, %s, %sSort>", t.Name, filter, t.Name)
	switch verb {
	case "get":
		answer := t.Name
		if t.Usual != nil {
			answer = fmt.Sprintf("Pick<%s, %s>", t.Name, union(t.Usual))
		}
		return signature{"GetArguments<" + t.Name + ">", "GetAnswer<" + answer + ">"}, nil
	case "changes":
		return signature{"ChangesArguments", "ChangesAnswer<" + t.Name + ">"}, nil
	case "set":
		return signature{fmt.Sprintf("SetArguments<%s, %s, %s>", t.Name, create, patch), "SetAnswer<" + t.Name + ">"}, nil
	case "copy":
		return signature{fmt.Sprintf("CopyArguments<%s, %s>", t.Name, create), "CopyAnswer<" + t.Name + ">"}, nil
	case "query":
		return signature{"QueryArguments" + asked, "QueryAnswer<" + t.Name + ">"}, nil
	case "queryChanges":
		return signature{"QueryChangesArguments" + asked, "QueryChangesAnswer<" + t.Name + ">"}, nil
	}
	return signature{}, fmt.Errorf("%s/%s is no standard method: add it to the methods in the description of its capability (face/jmap/describe.go)", t.Name, verb)
}
