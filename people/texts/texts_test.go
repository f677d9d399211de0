package texts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/peopletest"
	"haven/people/texts"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{"", "[]"},
		{"one\n\ntwo", "[{false [{one }] []} {false [{two }] []}]"},
		{"# Head\r\ntext", "[{true [{Head }] []} {false [{text }] []}]"},
		{"- a\n- b\n\n- c", "[{false [] [[{a }] [{b }]]} {false [] [[{c }]]}]"},
		{"see [the page](/help) now", "[{false [{see  } {the page /help} { now }] []}]"},
		{"[a](https://x.example/)[b](tel:01632960001)", "[{false [{a https://x.example/} {b tel:01632960001}] []}]"},
		{"[a](javascript:alert(1))", "[{false [{[a](javascript:alert(1)) }] []}]"},
		{"[a](JaVaScRiPt:x)", "[{false [{[a](JaVaScRiPt:x) }] []}]"},
		{"[a](data:text/html,x)", "[{false [{[a](data:text/html,x) }] []}]"},
		{"[a](//evil.example)", "[{false [{[a](//evil.example) }] []}]"},
		{"[a](http://plain.example)", "[{false [{[a](http://plain.example) }] []}]"},
		{"[a](https://u:p@x.example)", "[{false [{[a](https://u:p@x.example) }] []}]"},
		{"<script>alert(1)</script>", "[{false [{<script>alert(1)</script> }] []}]"},
		{"open [bracket", "[{false [{open [bracket }] []}]"},
		{"[not a link] but [this](/status)", "[{false [{[not a link] but  } {this /status}] []}]"},
		{"[](/help)", "[{false [{[](/help) }] []}]"},
		{"[a]( /help)", "[{false [{[a]( /help) }] []}]"},
		{"علي 🦊", "[{false [{علي 🦊 }] []}]"},
	} {
		if got := fmt.Sprint(texts.Parse(c.body)); got != c.want {
			t.Errorf("%q: %s, want %s", c.body, got, c.want)
		}
	}
}

// Whatever is typed, no link leads anywhere but where Leads lets it, and no words are lost.
func FuzzParse(f *testing.F) {
	f.Add("# Head\n- [a](/help)\n[b](javascript:x) [c](https://x.example)")
	f.Fuzz(func(t *testing.T, body string) {
		for _, b := range texts.Parse(body) {
			for _, line := range append(b.Items, b.Spans) {
				for _, s := range line {
					if s.Href != "" && !texts.Leads(s.Href) {
						t.Errorf("%q leads to %q", s.Text, s.Href)
					}
				}
			}
		}
	})
}

func TestCheckBody(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name texts.Name
		body string
		rule haven.Rule
	}{
		{texts.Help, "Call us.", "texts.written"},
		{texts.Help, "# A\n\n- b", "texts.written"},
		{"nothing", "Call us.", "texts.unknown"},
		{texts.Help, " \n", "texts.empty"},
		{texts.Help, "12345 🦊", "texts.empty"},
		{texts.Help, strings.Repeat("a", p.Operator.TextRunes), "texts.written"},
		{texts.Help, strings.Repeat("a", p.Operator.TextRunes+1), "texts.long"},
		{texts.Help, "a\x00b", "texts.control"},
		{texts.Help, "a\u202eb", "texts.control"},
		{texts.NationalDesk, "Ring 01632 960001, always.", "texts.written"},
		{texts.NationalDesk, "Ring\n01632 960001", "texts.long"},
		{texts.NationalDesk, strings.Repeat("a", 201), "texts.long"},
	} {
		if v := texts.CheckBody(c.name, c.body, p.Operator); v.Rule != c.rule {
			t.Errorf("%s %.20q: %+v, want %s", c.name, c.body, v, c.rule)
		}
	}
	for _, n := range texts.Names {
		if n.Title() == "" {
			t.Errorf("%s has no title", n)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx := t.Context()
		if err := h.DB.Migrate(ctx, append(peopletest.Schemas(), texts.Schema)...); err != nil {
			t.Fatal(err)
		}
		open := func() *texts.Service {
			return texts.New(texts.Options{DB: h.DB, Operators: h.Operators, Clock: h.Clock, Policy: h.Policy.Operator})
		}
		s, other := open(), open() // two processes
		tess, aisha := h.Person("Tess", "Okafor"), h.Person("Aisha", "Rahman")
		if _, err := h.Operators.Add(ctx, peopletest.Operator, tess.No); err != nil {
			t.Fatal(err)
		}
		for _, n := range texts.Names {
			if v, err := other.Current(ctx, n); err != nil || v.Version != 0 || !texts.CheckBody(n, v.Body, h.Policy.Operator).Allowed {
				t.Errorf("%s: %+v, %v", n, v, err)
			}
		}
		if _, err := s.Current(ctx, "nothing"); !errs.Is(err, errs.NotFound) {
			t.Errorf("an unknown text: %v", err)
		}
		if _, err := s.Write(ctx, peopletest.As(aisha), texts.Help, "Mine.", 0); !errs.Is(err, errs.NotFound) {
			t.Errorf("by somebody else: %v", err)
		}
		if v, err := s.Write(ctx, peopletest.As(tess), texts.Help, " Call us.\r\nNow. ", 0); err != nil || v.Version != 1 || v.Body != "Call us.\nNow." {
			t.Fatalf("%+v, %v", v, err)
		}
		for _, read := range []int{0, 2, -1} {
			if _, err := s.Write(ctx, peopletest.As(tess), texts.Help, "Again.", read); !errs.Is(err, errs.Conflict) {
				t.Errorf("over version %d: %v", read, err)
			}
		}
		if v, err := s.Current(ctx, texts.Help); err != nil || v.Version != 1 || v.By != tess.ID {
			t.Errorf("%+v, %v", v, err)
		}
		h.Clock.Advance(10 * time.Second)
		if v, err := other.Current(ctx, texts.Help); err != nil || v.Version != 1 {
			t.Errorf("another process shows %+v, %v", v, err)
		}
		if _, err := s.Write(ctx, peopletest.Operator, texts.Help, "Once more.", 1); err != nil {
			t.Fatal(err)
		}
		all, err := s.Versions(ctx, texts.Help, 10)
		if err != nil || len(all) != 3 || all[0].Version != 2 || all[2].Version != 0 {
			t.Errorf("%+v, %v", all, err)
		}
		if v, err := s.Version(ctx, texts.Help, 1); err != nil || v.Body != "Call us.\nNow." {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := s.Version(ctx, texts.Help, 9); !errs.Is(err, errs.NotFound) {
			t.Errorf("a version that is none: %v", err)
		}
	})
}
