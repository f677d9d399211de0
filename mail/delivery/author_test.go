package delivery

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/mime"
)

func TestAuthors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want string // addresses, with spaces between
		err  error
	}{
		{" ben@pharmacy.test", "ben@pharmacy.test", nil},
		{" <ben@pharmacy.test>", "ben@pharmacy.test", nil},
		{" Ben <ben@Pharmacy.test> (home)", "ben@pharmacy.test", nil},
		{" ben@pharmacy.test (Ben (the one))", "ben@pharmacy.test", nil},
		{" Dr. Ben\r\n =?utf-8?q?B=C3=A9n?= <ben@pharmacy.test>", "ben@pharmacy.test", nil},
		{` "Ben, the \"one\" ben@else.test" <ben@pharmacy.test>`, "ben@pharmacy.test", nil},
		{` "ben two"@pharmacy.test`, `"ben two"@pharmacy.test`, nil},
		{" Bén <bén@pharmacy.test>", "bén@pharmacy.test", nil},
		{" ben@pharmacy.test, Shop <shop@pharmacy.test>", "ben@pharmacy.test shop@pharmacy.test", nil},
		{"", "", errAuthorForm}, {" <>", "", errAuthorForm}, {" Ben", "", errAuthorForm}, {" Ben <ben>", "", errAuthorForm},
		{" Us: ben@pharmacy.test;", "", errAuthorForm}, {" undisclosed:;", "", errAuthorForm},
		{" <ben@pharmacy.test> <minister@health.test>", "", errAuthorForm},
		{" <ben@pharmacy.test> minister@health.test", "", errAuthorForm},
		{" minister@health.test <ben@pharmacy.test>", "", errAuthorForm},
		{" ben@pharmacy.test minister", "", errAuthorForm}, {" ben@pharmacy.test;", "", errAuthorForm},
		{" ben@pharmacy.test,", "", errAuthorForm}, {" ,ben@pharmacy.test", "", errAuthorForm},
		{" <@relay.test:ben@pharmacy.test>", "", errAuthorForm}, {" <ben@pharmacy.test.>", "", errAuthorForm},
		{" ben @ pharmacy.test", "", errAuthorForm}, {" ben@health.test@pharmacy.test", "", errAuthorForm},
		{" <ben@pharmacy.test", "", errAuthorForm}, {" Ben) <ben@pharmacy.test>", "", errAuthorForm},
		{" ben@pharmacy.test (minister@health.test", "", errAuthorComment}, {` "Ben <ben@pharmacy.test>`, "", errAuthorComment},
		{" ben@pharmacy.test\x00", "", errAuthorControl}, {" ben\rminister@pharmacy.test", "", errAuthorControl}, {" B\xff <ben@pharmacy.test>", "", errAuthorControl},
		{" " + strings.Repeat("b", maxAuthorField) + " <ben@pharmacy.test>", "", errAuthorLong},
		{strings.Repeat(" a@b.test,", maxAuthors) + " a@b.test", "", errAuthorMany},
	} {
		got, err := authors(mime.Field{Name: "From", Body: c.body})
		var specs []string
		for _, a := range got {
			specs = append(specs, a.String())
		}
		if !errors.Is(err, c.err) || err == nil && strings.Join(specs, " ") != c.want {
			t.Errorf("%.80q: %q, %v", c.body, specs, err)
		}
	}
}

// FuzzAuthors: whatever is taken can be written again, and is read back the same.
func FuzzAuthors(f *testing.F) {
	for _, s := range []string{" Ben <ben@pharmacy.test>", ` "a\"b"@pharmacy.test (x)`, " a@b.test, (c) c@d.test", "\"", "(\\", "<"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		list, err := authors(mime.Field{Name: "From", Body: body})
		if err != nil {
			return
		}
		var specs []string
		for _, a := range list {
			specs = append(specs, a.String())
		}
		again, err := authors(mime.Field{Name: "From", Body: strings.Join(specs, ", ")})
		if err != nil || !slices.Equal(again, list) || slices.Contains(list, haven.Address{}) {
			t.Fatalf("%q: %v, again %v, %v", body, list, again, err)
		}
	})
}
