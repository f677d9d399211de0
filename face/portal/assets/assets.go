// Package assets holds what the pages load: built from face/portal/ui by make assets, and part of the program.
package assets

import (
	"embed"
	"iter"
	"strings"
)

//go:embed *.css *.js *.svg
var files embed.FS

// All are the assets by name.
func All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		entries, err := files.ReadDir(".")
		if err != nil {
			return // the program was built without any: the pages show it
		}
		for _, e := range entries {
			content, err := files.ReadFile(e.Name())
			if err == nil && !yield(e.Name(), content) {
				return
			}
		}
	}
}

// Get is an asset's content and type.
func Get(name string) (content []byte, kind string, ok bool) {
	content, err := files.ReadFile(name)
	switch {
	case err != nil:
		return nil, "", false
	case strings.HasSuffix(name, ".css"):
		return content, "text/css; charset=utf-8", true
	case strings.HasSuffix(name, ".js"):
		return content, "text/javascript; charset=utf-8", true
	}
	return content, "image/svg+xml", true
}
