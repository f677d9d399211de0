package work

import (
	"strings"
	"testing"
	"time"

	"haven"
)

func TestMayFile(t *testing.T) {
	t.Parallel()
	fresh := FilingFacts{Most: 2, Runes: 60}
	whole := ToRecord{Patient: "9990000018", Formats: []Format{PDF, EML, FHIR}}
	with := func(change func(w *ToRecord)) ToRecord { w := whole; change(&w); return w }
	once := FilingFacts{Before: 1, Most: 2, Runes: 60, Name: "Ben Okafor", At: noon}
	for _, c := range []struct {
		name string
		f    FilingFacts
		w    ToRecord
		rule haven.Rule
		ok   bool
	}{
		{"a letter", fresh, whole, RuleFile, true},
		{"as one format", fresh, with(func(w *ToRecord) { w.Formats = []Format{FHIR} }), RuleFile, true},
		{"with a reference", fresh, with(func(w *ToRecord) { w.Reference = "PMR 4711 Ärzte" }), RuleFile, true},
		{"a draft", FilingFacts{Draft: true, Most: 2, Runes: 60}, whole, RuleFileDraft, false},
		{"for a number that is none", fresh, with(func(w *ToRecord) { w.Patient = "9991234567" }), RulePatient, false},
		{"for nobody", fresh, with(func(w *ToRecord) { w.Patient = "" }), RulePatient, false},
		{"a reference of two lines", fresh, with(func(w *ToRecord) { w.Reference = "a\nb" }), RuleReference, false},
		{"a reference that is too long", fresh, with(func(w *ToRecord) { w.Reference = strings.Repeat("ä", 61) }), RuleReference, false},
		{"as nothing", fresh, with(func(w *ToRecord) { w.Formats = nil }), RuleFormat, false},
		{"as one twice", fresh, with(func(w *ToRecord) { w.Formats = []Format{PDF, PDF} }), RuleFormat, false},
		{"as another", fresh, with(func(w *ToRecord) { w.Formats = []Format{"doc"} }), RuleFormat, false},
		{"what a colleague filed", once, whole, RuleFiled, false},
		{"what a colleague filed, expressly", once, with(func(w *ToRecord) { w.Again = true }), RuleFile, true},
		{"too often", FilingFacts{Before: 2, Most: 2, Runes: 60}, with(func(w *ToRecord) { w.Again = true }), RuleFilings, false},
	} {
		if v := MayFile(c.f, c.w); v.Allowed != c.ok || v.Rule != c.rule || !c.ok && v.Reason == "" {
			t.Errorf("%s: %+v, want %t by %s", c.name, v, c.ok, c.rule)
		}
	}
}

func TestKeepUntil(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ filed, until string }{
		{"2026-11-27T14:02:00Z", "2035-01-01T00:00:00Z"},
		{"2026-01-01T00:00:00Z", "2035-01-01T00:00:00Z"},
		{"2026-12-31T23:59:59Z", "2035-01-01T00:00:00Z"},
		{"2024-02-29T12:00:00Z", "2033-01-01T00:00:00Z"},
	} {
		filed, err := time.Parse(time.RFC3339, c.filed)
		if got := KeepUntil(filed, 8).Format(time.RFC3339); err != nil || got != c.until {
			t.Errorf("what is filed at %s is kept until %s, want %s (%v)", c.filed, got, c.until, err)
		}
	}
}

func TestMayTakeBack(t *testing.T) {
	t.Parallel()
	f := Filing{By: aisha, At: noon}
	for _, c := range []struct {
		name string
		by   haven.AccountNo
		now  time.Time
		rule haven.Rule
		ok   bool
	}{
		{"one's own, soon", aisha, noon.Add(23 * time.Hour), RuleTakeBack, true},
		{"one's own, too late", aisha, noon.Add(24 * time.Hour), RuleTakeBack, false},
		{"a colleague's", ben, noon, RuleFilingNotYours, false},
	} {
		if v := MayTakeBack(f, c.by, 24*time.Hour, c.now); v.Allowed != c.ok || v.Rule != c.rule {
			t.Errorf("%s: %+v, want %t by %s", c.name, v, c.ok, c.rule)
		}
	}
}
