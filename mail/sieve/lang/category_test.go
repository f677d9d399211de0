package lang

import (
	"strings"
	"testing"
	"time"
)

// A filter says what a letter is for those who work together, and within which time it has to be done; the letter goes where it goes without.
func TestCategory(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		script string
		want   Work
	}{
		{`category "discharge";`, Work{Category: "discharge"}},
		{`category :within 259200 "discharge-referral";`, Work{Category: "discharge-referral", Within: 72 * time.Hour}},
		{`category :within 60 :allhours "alert";`, Work{Category: "alert", Within: time.Minute, AllHours: true}},
		{`category "first"; fileinto "x"; category :within 1 "last"; stop; category "never";`, Work{Category: "last", Within: time.Second}},
		{`if header :contains "subject" "nothing" { category "no"; }`, Work{}},
	} {
		s, err := Compile(`require ["vnd.haven.work", "fileinto"];`+"\n"+c.script, limits())
		if err != nil {
			t.Fatalf("%s: %v", c.script, err)
		}
		h := &house{letter: letterText("")}
		r, err := s.Run(letterOf(h.letter, ""), h, limits())
		var got Work
		if r.Work != nil {
			got = *r.Work
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", c.script, got, err)
		}
		if len(r.Actions) != 1 {
			t.Errorf("%s: where the letter goes is %+v", c.script, r.Actions)
		}
	}
	for script, want := range map[string]string{
		`category "x";`: "wrong 1", // nobody required it
		"require \"vnd.haven.work\";\ncategory \"Discharge\";":                                     "wrong 2",
		"require \"vnd.haven.work\";\ncategory \"\";":                                              "wrong 2",
		"require \"vnd.haven.work\";\ncategory \"" + strings.Repeat("x", 41) + "\";":               "wrong 2",
		"require \"vnd.haven.work\";\ncategory :within 0 \"x\";":                                   "wrong 2",
		"require \"vnd.haven.work\";\ncategory :allhours \"x\";":                                   "wrong 2",
		"require \"vnd.haven.work\";\ncategory [\"x\", \"y\"];":                                    "wrong 2",
		"require [\"vnd.haven.work\", \"variables\"];\nset \"a\" \"Not One\";\ncategory \"${a}\";": "error 3",
	} {
		if got := run(script, letterOf(letterText(""), ""), &house{}, limits()); len(got) == 0 || got[0] != want {
			t.Errorf("%s: %q, want %s", script, got, want)
		}
	}
}
