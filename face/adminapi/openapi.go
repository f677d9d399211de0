package adminapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// object is a JSON object of the document.
type object = map[string]any

var pathWord = regexp.MustCompile(`\{(\w+)\}`)

// document is the OpenAPI 3.1 description of routes.
func document(version string) ([]byte, error) {
	schemas, paths := object{}, object{}
	for _, r := range routes {
		item, ok := paths[base+r.path].(object)
		if !ok {
			item = object{}
			paths[base+r.path] = item
		}
		item[strings.ToLower(r.method)] = operation(r, schemas)
	}
	refTo(reflect.TypeFor[problem](), schemas)
	return json.Marshal(object{
		"openapi":  "3.1.0",
		"info":     object{"title": "Haven admin API", "version": version, "description": "What haven admin does, for programs. An operator makes a token: haven admin token add NAME --until DAY."},
		"security": []any{object{"token": []string{}}},
		"paths":    paths,
		"components": object{"schemas": schemas,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
			"responses":       object{"problem": object{"description": "It was not done (RFC 9457)", "content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/problem"}}}}}},
	})
}

func operation(r route, schemas object) object {
	op := object{"operationId": r.id, "summary": r.summary, "responses": responses(r, schemas)}
	params := []any{}
	for _, m := range pathWord.FindAllStringSubmatch(r.path, -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range r.query {
		params = append(params, object{"name": p.name, "in": "query", "description": p.what, "schema": object{"type": "string"}})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if r.in != nil {
		op["requestBody"] = object{"required": true, "content": jsonOf(r.in, schemas)}
	}
	return op
}

func responses(r route, schemas object) object {
	out := object{"default": object{"$ref": "#/components/responses/problem"}}
	if r.out == nil {
		out["204"] = object{"description": "Done"}
	} else {
		out["200"] = object{"description": "Done", "content": jsonOf(r.out, schemas)}
	}
	return out
}

func jsonOf(v any, schemas object) object {
	return object{"application/json": object{"schema": refTo(reflect.TypeOf(v), schemas)}}
}

// refTo describes a type: a struct among schemas under its own name, everything else in place.
func refTo(t reflect.Type, schemas object) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return refTo(t.Elem(), schemas)
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": refTo(t.Elem(), schemas)}
	case t.Kind() == reflect.Struct:
		name := schemaName(t)
		if _, ok := schemas[name]; !ok {
			schemas[name] = structure(t, schemas)
		}
		return object{"$ref": "#/components/schemas/" + name}
	case t.Kind() == reflect.String:
		return object{"type": "string"}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return object{"type": "integer"}
	}
	panic(fmt.Sprintf("adminapi: the document has no words for %v", t))
}

// schemaName is a type's name; of a list, that of its items.
func schemaName(t reflect.Type) string {
	name := t.Name()
	if of, ok := strings.CutPrefix(name, "list["); ok {
		return strings.TrimSuffix(of[strings.LastIndex(of, ".")+1:], "]") + "List"
	}
	return name
}

func structure(t reflect.Type, schemas object) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, more, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := refTo(f.Type, schemas)
		if doc := f.Tag.Get("doc"); doc != "" {
			p["description"] = doc
		}
		properties[name] = p
		if more != "omitempty" {
			required = append(required, name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}
