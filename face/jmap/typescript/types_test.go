package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"haven/face/jmap"
)

func TestTypesAreThoseOfTheFace(t *testing.T) {
	t.Parallel()
	want, err := types(jmap.Describe())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../web/jmap/types.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("web/jmap/types.ts is another one than the face makes: make generate, and commit it")
	}
}

// thing is a type with something of everything.
var thing = jmap.DataType{Name: "Thing", Says: "It.", OfPerson: true, Conditions: jmap.Shape{{Name: "colour", Type: "string"}}, Sorts: []string{"colour"},
	Arguments: map[string]jmap.Shape{"set": {{Name: "softly", Type: "boolean"}}},
	Shape: jmap.Shape{
		{Name: "id", Type: "ThingId", Mark: jmap.ServerSet},
		{Name: "maker", Type: "string", Mark: jmap.Required | jmap.Immutable},
		{Name: "box", Type: "Box | null", Says: "around it"},
		{Name: "tags", Type: "Record<string, true>"},
		{Name: "secret", Type: "string", Mark: jmap.CreateOnly},
		{Name: "state", Type: `"on" | "off"`, Mark: jmap.UpdateOnly},
	}}

func TestATypeIsWritten(t *testing.T) {
	t.Parallel()
	d := jmap.Described{Types: []jmap.DataType{thing}, Names: []string{"Thing/bend", "Thing/get", "Thing/query", "Thing/set"},
		Methods: []jmap.Method{{Name: "Thing/bend", Arguments: jmap.Shape{{Name: "how", Type: "BendCreate", Mark: jmap.Required}}, Answer: jmap.Shape{{Name: "done", Type: "Bend"}}}},
		Structs: []jmap.Struct{{Name: "Bend", Shape: jmap.Shape{{Name: "far", Type: "number"}}}, {Name: "Box", Shape: jmap.Shape{{Name: "size", Type: "UnsignedInt", Mark: jmap.ServerSet}, {Name: "lid:closed", Type: "boolean"}}}}}
	text, err := types(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export interface Bend {\n  far: number;\n}",
		"export interface BendCreate {\n  far?: number;\n}",
		"arguments: { how: BendCreate };\n    answer: { done: Bend };",
		"export interface BoxCreate {\n  \"lid:closed\"?: boolean;\n}",
		"export type ThingId = Id<\"Thing\">;\n\n/** It. */\nexport interface Thing {\n  readonly id: ThingId;\n  readonly maker: string;\n  /** Around it. */\n  box: Box | null;\n" +
			"  tags: Record<string, true>;\n  state: \"on\" | \"off\";\n}",
		"export interface ThingCreate {\n  maker: string;\n  /** Around it. */\n  box?: BoxCreate | null;\n  tags?: Record<string, true>;\n  secret?: string;\n}",
		"export interface ThingPatch {\n  /** Around it. */\n  box?: BoxCreate | null;\n  tags?: Record<string, true>;\n  [member: `tags/${string}`]: true | null;\n  state?: \"on\" | \"off\";\n}",
		"export interface ThingCondition {\n  colour?: string;\n}",
		"export type ThingSort = Comparator<\"colour\">;",
		"arguments: OfPerson<GetArguments<Thing>>;\n    answer: OfPerson<GetAnswer<Thing>>;\n    object: Thing;",
		"arguments: OfPerson<SetArguments<Thing, ThingCreate, ThingPatch>> & { softly?: boolean };",
		"arguments: OfPerson<QueryArguments<Thing, Filter<ThingCondition>, ThingSort>>;",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("it does not write\n%s", want)
		}
	}
}

// A method that nobody described is told with what to do about it.
func TestAMethodOfNothing(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Nothing/get": "add its type, or it", "Thing/bend": "add it to the methods"} {
		_, err := types(jmap.Described{Types: []jmap.DataType{thing}, Names: []string{name}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
