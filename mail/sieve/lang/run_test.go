package lang

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const plainLetter = "From: bob@surgery.test\r\nTo: alice@pharmacy.test\r\nSubject: Repeat\r\nX-Long: %s\r\nMessage-ID: <1@surgery.test>\r\n\r\nHello.\r\n"

func letterText(long string) string { return strings.Replace(plainLetter, "%s", long, 1) }

// A script that is too long, too deep, or wants too much ends in an error.
func TestBounds(t *testing.T) {
	t.Parallel()
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	for _, c := range []struct{ name, script, want string }{
		{"long", "#" + many(64<<10, "x"), "wrong 1"},
		{"deep blocks", many(40, "if true {") + many(40, "}"), "wrong 1"},
		{"deep tests", "if " + many(5000, "not ") + "true { }", "wrong 1"},
		{"deep lists", "if " + many(5000, "anyof (") + "true" + many(5000, ")") + " { }", "wrong 1"},
		{"deep enough", many(30, "if true {") + "discard;" + many(30, "}"), "discard"},
		{"many actions", `require ["fileinto", "variables"];` + func() (s string) {
			for i := range 33 {
				s += fmt.Sprintf("fileinto \"f%d\";\n", i)
			}
			return s
		}(), "error 33"},
		{"many redirects", "redirect \"a@b.test\";\nredirect \"b@b.test\";\nredirect \"c@b.test\";\nredirect \"d@b.test\";\nredirect \"e@b.test\";", "error 5"},
		{"many variables", `require "variables";` + func() (s string) {
			for i := range 129 {
				s += fmt.Sprintf("set \"v%d\" \"x\";\n", i)
			}
			return s
		}(), "error 129"},
		{"many edits", `require "editheader";` + many(21, "addheader \"X-A\" \"b\";\n"), "error 21"},
		{"a text that doubles", `require ["variables", "fileinto"]; set "a" "` + many(4096, "x") + "\";\nfileinto \"" + many(17, "${a}") + "\";", "error 2"},
		{"includes itself", "require \"include\";\ninclude \"self\";", "error 1"},
		{"a bomb of includes", "require \"include\";\ninclude \"bomb0\";", "error 1"},
		{"a bomb of patterns", "require \"variables\";\n" + many(800, "if header :matches \"x-long\" \""+many(9, "*a?")+"b\" { stop; }\n"), "error "},
		{"many errors", many(30, "nothing;\n"), "wrong 1"},
		{"not UTF-8", "keep; # \xff", "wrong 1"},
		{"a NUL", "keep; # \x00", "wrong 1"},
		{"a byte order mark", "\uFEFFdiscard;", "discard"},
	} {
		h := &house{letter: letterText(many(50_000, "a")), scripts: map[string]string{"self": "require \"include\"; include \"self\";"}}
		for i := range 9 {
			h.scripts[fmt.Sprintf("bomb%d", i)] = `require "include";` + many(50, fmt.Sprintf("include \"bomb%d\";", i+1))
		}
		h.scripts["bomb9"] = "keep;"
		began := time.Now()
		got := run(c.script, letterOf(h.letter, "bob@surgery.test"), h, limits())
		if len(got) == 0 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: %.200q, want %s", c.name, got, c.want)
		}
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%s took %v", c.name, d)
		}
	}
	_, err := Compile(many(30, "nothing;\n"), limits())
	var wrong Errors
	if !errors.As(err, &wrong) || len(wrong) != mostErrors || strings.Count(err.Error(), "\n") != mostErrors-1 {
		t.Errorf("%d errors: %v", len(wrong), err)
	}
}

// What a run may look at is spent, whatever it looks at.
func TestWork(t *testing.T) {
	t.Parallel()
	lim := limits()
	lim.Work = 200_000
	for name, script := range map[string]string{
		"headers":  strings.Repeat("if header :contains \"x-long\" \"b\" { stop; }\n", 100),
		"patterns": "if header :matches \"x-long\" \"" + strings.Repeat("*a?", 9) + "b*c\" { stop; }\n" + strings.Repeat("if header :matches \"x-long\" \"*?b*?c\" { stop; }\n", 9),
		"body":     "require \"body\";" + strings.Repeat("if body :raw :contains \"zzz\" { stop; }\n", 100),
		"fields":   strings.Repeat("if exists \"x-none\" { stop; }\n", 1400),
		"edits":    "require \"editheader\";" + strings.Repeat("deleteheader \"x-none\";\n", 1400),
	} {
		h := &house{letter: letterText(strings.Repeat("a", 20_000)) + strings.Repeat("zy\r\n", 10_000)}
		l := letterOf(strings.Replace(h.letter, "Subject", strings.Repeat("A: b\r\n", 500)+"Subject", 1), "bob@surgery.test")
		if got := run(script, l, h, lim); len(got) != 1 || !strings.HasPrefix(got[0], "error ") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Scripts include each other: what returns, what stops, which variables are shared, what is run once.
func TestInclude(t *testing.T) {
	t.Parallel()
	h := &house{letter: letterText("x"), scripts: map[string]string{
		"returns": `require ["include", "fileinto"]; fileinto "R"; return; fileinto "not here";`,
		"stops":   `require "fileinto"; fileinto "S"; stop;`,
		"sets":    `require ["include", "variables"]; global "shared"; set "shared" "yes"; set "own" "no"; set "global.more" "too";`,
		"wrong":   "keep;\nkeeep;",
		"fails":   "require \"variables\";\nredirect \"${none}\";",
		"outer":   `require "include"; include "returns";`,
	}}
	for _, c := range []struct{ name, script, want string }{
		{"returns", `include "returns"; fileinto "after";`, "file R, file after"},
		{"stops", `include "stops"; fileinto "after";`, "file S"},
		{"twice", `include "returns"; include :once "returns"; include :once "outer"; fileinto "x";`, "file R, file x"},
		{"variables", `global ["shared"]; include "sets"; fileinto "${shared}-${own}-${global.more}";`, "file yes--too"},
		{"in a test", `if true { include "outer"; } keep;`, "file R, file INBOX"},
		{"wrong", `include "wrong";`, "error 2"},
		{"fails", "\n" + `include "fails";`, "error 2"},
		{"global", `include :global "returns";`, "error 2"},
		{"global, optional", `include :global :optional "returns";`, "file INBOX"},
		{"missing, optional", `include :optional "none";`, "file INBOX"},
	} {
		script := "require [\"include\", \"fileinto\", \"variables\"];\n" + c.script
		if got := strings.Join(run(script, letterOf(h.letter, ""), h, limits()), ", "); got != c.want && !(c.name == "fails" && got == "error 2") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	s, err := Compile("require \"include\";\ninclude \"fails\";", limits())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Run(letterOf(h.letter, ""), h, limits())
	if err == nil || !strings.Contains(err.Error(), `"fails", line 2`) {
		t.Errorf("an error within an included script: %v", err)
	}
}

// What the place says of the letter, and what it remembers.
func TestHouse(t *testing.T) {
	t.Parallel()
	text := letterText("x")
	for _, c := range []struct {
		script, want string
		change       func(*Letter, *house)
	}{
		{`if spamtest :value "ge" :comparator "i;ascii-numeric" "5" { discard; }`, "discard", func(l *Letter, _ *house) { l.Spam = 10 }},
		{`if spamtest :percent :value "eq" :comparator "i;ascii-numeric" "100" { discard; }`, "discard", func(l *Letter, _ *house) { l.Spam = 10 }},
		{`if spamtest :percent :value "eq" :comparator "i;ascii-numeric" "0" { discard; }`, "discard", func(l *Letter, _ *house) { l.Spam = 1 }},
		{`if spamtest :count "eq" :comparator "i;ascii-numeric" "0" { discard; }`, "discard", nil},
		{`if virustest :value "ge" :comparator "i;ascii-numeric" "2" { discard; }`, "discard", func(l *Letter, _ *house) { l.Virus = 2 }},
		{`if duplicate { discard; }`, "file INBOX", nil},
		{`if duplicate { discard; }`, "discard", func(_ *Letter, h *house) { h.seenAll = true }},
		{`if duplicate :handle "a" :header "x-none" { discard; }`, "file INBOX", func(_ *Letter, h *house) { h.seenAll = true }},
		{`if anyof (duplicate, duplicate) { discard; }`, "discard", nil},
		{`if mailboxexists "Clinic" { fileinto "Clinic"; }`, "file Clinic", nil},
		{`if mailboxidexists ["F1"] { fileinto :mailboxid "F1" "Other"; }`, "file Clinic", nil},
		{`if not mailboxidexists ["F1", "F2"] { fileinto :mailboxid "F2" "Other"; }`, "file Other", nil},
		{`if mailboxexists "Clinic" { stop; }`, "gone", func(_ *Letter, h *house) { h.err = errors.New("gone") }},
		{`if body :contains "Hello" { stop; }`, "gone", func(_ *Letter, h *house) { h.err = errors.New("gone") }},
		{`if environment "location" "mda" { discard; }`, "discard", nil},
		{`if currentdate :zone "+0200" "hour" "11" { discard; }`, "discard", nil},
	} {
		h, l := &house{letter: text, boxes: []string{"INBOX", "Clinic"}}, letterOf(text, "bob@surgery.test")
		if c.change != nil {
			c.change(&l, h)
		}
		script := `require ["spamtest", "spamtestplus", "virustest", "duplicate", "mailbox", "mailboxid", "fileinto", "relational", "comparator-i;ascii-numeric", "body", "environment", "date"];` + c.script
		if got := strings.Join(run(script, l, h, limits()), ", "); got != c.want {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
}

// The marks of the duplicate test are for what is done, with their time.
func TestMarks(t *testing.T) {
	t.Parallel()
	text := letterText("x")
	for script, want := range map[string]time.Duration{
		`if duplicate { }`:                        7 * day,
		`if duplicate :seconds 60 { }`:            time.Minute,
		`if duplicate :seconds 99999999 { }`:      30 * day,
		`if duplicate :header "x-none" { }`:       0,
		`if duplicate :last :seconds 60 { }`:      time.Minute,
		`if duplicate :uniqueid "a" { discard; }`: 7 * day,
	} {
		s, err := Compile(`require "duplicate";`+script, limits())
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Run(letterOf(text, ""), &house{}, limits())
		switch {
		case err != nil:
			t.Fatal(err)
		case want == 0 && len(r.Marks) != 0, want > 0 && (len(r.Marks) != 1 || r.Marks[0].For != want):
			t.Errorf("%s: %+v", script, r.Marks)
		}
	}
}

// An edited header is that of the moment of each action; what we wrote in front, and what tells how a letter came, stays.
func TestEditedHeader(t *testing.T) {
	t.Parallel()
	const ours = "Return-Path: <bob@surgery.test>\r\nX-A: ours\r\n"
	l := Letter{Header: ours + "Received: from a\r\nX-A: one\r\n two\r\nSubject: Old\r\n\r\n", Traced: len(ours), Now: time.Now()}
	s, err := Compile(`require ["editheader", "fileinto", "copy"];
		fileinto :copy "A";
		addheader "Subject" "Grüße"; deleteheader :is "subject" "Old"; deleteheader "Received"; addheader "Haven-Verdict" "good"; addheader "Return-Path" "x";
		fileinto :copy "B";
		deleteheader "X-A"; addheader :last "X-B" "`+strings.Repeat("word ", 30)+`";`, limits())
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(l, &house{}, limits())
	if err != nil || len(r.Actions) != 3 {
		t.Fatal(err, r.Actions)
	}
	want := []string{"", "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nReceived: from a\r\nX-A: one\r\n two\r\n\r\n",
		"Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nReceived: from a\r\nX-B: " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\r\n " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\r\n word\r\n\r\n"}
	for i, a := range r.Actions {
		if string(a.Header) != want[i] {
			t.Errorf("action %d: %q, want %q", i, a.Header, want[i])
		}
	}
}

// TestGlob holds the matcher against one that tries everything.
func TestGlob(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from string, most int) string {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	}
	for range 200_000 {
		pattern, value := pick(`ab**??\`, 8), pick("ab", 10)
		if strings.HasSuffix(strings.ReplaceAll(pattern, `\\`, ""), `\`) {
			continue
		}
		ok, captured, _ := matching{kind: matchMatches, comparator: octet}.key(pattern).match(value, 1<<40)
		want, parts := naive(pattern, value)
		if ok != want || ok && !slices.Equal(captured[1:], parts) {
			t.Fatalf("%q on %q: %t %q, want %t %q", pattern, value, ok, captured, want, parts)
		}
	}
}

// naive matches with every star as short as it can be, by trying.
func naive(pattern, value string) (bool, []string) {
	if pattern == "" {
		return value == "", nil
	}
	switch c := pattern[0]; c {
	case '*':
		for n := 0; n <= len(value); n++ {
			if ok, rest := naive(pattern[1:], value[n:]); ok {
				return true, append([]string{value[:n]}, rest...)
			}
		}
		return false, nil
	case '?':
		if value == "" {
			return false, nil
		}
		ok, rest := naive(pattern[1:], value[1:])
		return ok, append([]string{value[:1]}, rest...)
	case '\\':
		pattern = pattern[1:]
	}
	if value == "" || value[0] != pattern[0] {
		return false, nil
	}
	return naive(pattern[1:], value[1:])
}

// Neither reading nor running a script ever panics or outlives its bounds, and what is refused has a line.
func FuzzScript(f *testing.F) {
	for _, s := range []string{"keep;", `require ["variables", "fileinto"]; if header :matches "subject" "*${1}?" { fileinto "${1}"; }`, "redirect text:\na\n.\n;", "if anyof (not true, size :over 1K) { } else { stop; }",
		`require ["body", "date", "index", "relational", "imap4flags"]; if body :content "text" :count "gt" "1" { addflag "\\Seen"; } if date :index 1 :last "date" "hour" "1" { }`,
		`require ["editheader", "encoded-character"]; addheader "X" "${hex:41}"; deleteheader :index 1 "From";`} {
		f.Add(s, "From: a@b.test\r\nSubject: x\r\n\r\nHello\r\n")
	}
	lim := limits()
	lim.Work = 500_000
	f.Fuzz(func(t *testing.T, script, letter string) {
		s, err := Compile(script, lim)
		if err != nil {
			var wrong Errors
			if !errors.As(err, &wrong) || len(wrong) == 0 || wrong[0].Line < 1 || wrong[0].Line > strings.Count(script, "\n")+1 {
				t.Fatalf("%v", err)
			}
			return
		}
		r, err := s.Run(letterOf(letter, "bob@surgery.test"), &house{letter: letter}, lim)
		var failed Error
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if err == nil && (len(r.Actions) == 0 || len(r.Actions) > lim.Actions) {
			t.Fatalf("%d actions", len(r.Actions))
		}
	})
}
