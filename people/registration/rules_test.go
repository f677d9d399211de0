package registration

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/organisation"
	"haven/platform/policy"
)

var noon = time.Date(2017, 9, 4, 12, 0, 0, 0, time.UTC)

func policyNamed(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// check holds a verdict against the rule that is wanted; it allows for rules in yes.
func check(t *testing.T, what string, v haven.Verdict, want haven.Rule, allowed bool) {
	t.Helper()
	if v.Rule != want || v.Allowed != allowed || !allowed && v.Reason == "" {
		t.Errorf("%s: %+v, want %s, allowed %t", what, v, want, allowed)
	}
}

func TestMayBegin(t *testing.T) {
	t.Parallel()
	can := func(change func(*Facts)) Facts {
		f := Facts{Found: true, Kind: organisation.Pharmacy, Status: organisation.Active, Email: true, Number: true}
		change(&f)
		return f
	}
	for _, c := range []struct {
		name string
		f    Facts
		want haven.Rule
	}{
		{"nothing known", Facts{}, "registration.unknown"},
		{"all there", can(func(*Facts) {}), "registration.begin"},
		{"a surgery", can(func(f *Facts) { f.Kind = organisation.GPPractice }), "registration.unknown"},
		{"closed", can(func(f *Facts) { f.Status = organisation.Closed }), "registration.shut"},
		{"suspended", can(func(f *Facts) { f.Status = organisation.Pending }), "registration.shut"},
		{"registered", can(func(f *Facts) { f.Mailbox = true }), "registration.already"},
		{"registered, without an e-mail", can(func(f *Facts) { f.Mailbox, f.Email = true, false }), "registration.already"},
		{"frozen", can(func(f *Facts) { f.Frozen = true }), "registration.frozen"},
		{"centrally", can(func(f *Facts) { f.Central = true }), "registration.central"},
		{"centrally, without an e-mail", can(func(f *Facts) { f.Central, f.Email = true, false }), "registration.central"},
		{"no e-mail", can(func(f *Facts) { f.Email = false }), "registration.no-contact"},
		{"no number", can(func(f *Facts) { f.Number = false }), "registration.no-contact"},
	} {
		check(t, c.name, MayBegin(c.f), c.want, c.want == "registration.begin")
	}
}

func TestMayAsk(t *testing.T) {
	t.Parallel()
	p := policyNamed(t).Registration
	for today, want := range map[int]haven.Rule{0: "registration.passcode", 4: "registration.passcode", 5: "registration.passcodes", 6: "registration.passcodes"} {
		check(t, "asked before", MayAsk(today, p), want, want == "registration.passcode")
	}
}

func TestCheckPasscode(t *testing.T) {
	t.Parallel()
	p := policyNamed(t).Registration
	for _, c := range []struct {
		name    string
		f       PasscodeFacts
		want    haven.Rule
		allowed bool
	}{
		{"right", PasscodeFacts{noon, 1, true}, "registration.passcode", true},
		{"right at the fifth try", PasscodeFacts{noon, 5, true}, "registration.passcode", true},
		{"right at the sixth", PasscodeFacts{noon, 6, true}, "registration.passcode-tries", false},
		{"wrong", PasscodeFacts{noon, 1, false}, "registration.passcode", false},
		{"wrong at the fifth", PasscodeFacts{noon, 5, false}, "registration.passcode", false},
		{"wrong at the sixth", PasscodeFacts{noon, 6, false}, "registration.passcode-tries", false},
		{"none", PasscodeFacts{time.Time{}, 1, true}, "registration.passcode-none", false},
		{"in its last moment", PasscodeFacts{noon.Add(1 - 30*time.Minute), 1, true}, "registration.passcode", true},
		{"after 30 minutes", PasscodeFacts{noon.Add(-30 * time.Minute), 1, true}, "registration.passcode-expired", false},
		{"wrong after 30 minutes", PasscodeFacts{noon.Add(-30 * time.Minute), 9, false}, "registration.passcode-expired", false},
	} {
		check(t, c.name, CheckPasscode(c.f, noon, p), c.want, c.allowed)
	}
}

func TestMayGoOn(t *testing.T) {
	t.Parallel()
	kept := 20 * time.Hour
	for _, c := range []struct {
		name    string
		state   State
		frozen  bool
		changed time.Duration
		want    haven.Rule
	}{
		{"proven", Proven, false, 0, "registration.go-on"},
		{"asked", Asked, false, 0, "registration.go-on"},
		{"in the last moment", Proven, false, 1 - kept, "registration.go-on"},
		{"after 20 hours", Proven, false, -kept, "registration.lapsed"},
		{"lapsed", Lapsed, false, 0, "registration.lapsed"},
		{"sent", Submitted, false, 0, "registration.sent"},
		{"sent long ago", Submitted, false, -10 * kept, "registration.sent"},
		{"another was first", Lost, false, 0, "registration.already"},
		{"not theirs", Ended, false, 0, "registration.frozen"},
		{"frozen by another", Proven, true, 0, "registration.frozen"},
		{"sent and frozen", Submitted, true, 0, "registration.frozen"},
		{"a state nobody knows", 99, false, 0, "registration.state"},
	} {
		check(t, c.name, MayGoOn(c.state, c.frozen, noon.Add(c.changed), noon, kept), c.want, c.want == "registration.go-on")
	}
}

// ann is somebody whom an application can name; change makes a case of her.
func ann(change func(*Person)) Person {
	p := Person{First: "Ann", Last: "Example", Email: "ann@home.example", Mobile: "07700 900123"}
	if change != nil {
		change(&p)
	}
	return p
}

func bob() Person {
	return Person{First: "Bob", Last: "Sample", Email: "bob@home.example", Mobile: "07700 900124"}
}

func TestCheckPeople(t *testing.T) {
	t.Parallel()
	p := policyNamed(t)
	long := strings.Repeat("x", 65)
	for _, c := range []struct {
		name   string
		people []Person
		want   string // the faults: person, field, rule
	}{
		{"one", []Person{ann(nil)}, ""},
		{"two", []Person{ann(nil), bob()}, ""},
		{"a single name", []Person{ann(func(p *Person) { p.First = "" })}, ""},
		{"a single name, the other way", []Person{ann(func(p *Person) { p.Last = " " })}, ""},
		{"other letters, spelled", []Person{ann(func(p *Person) { p.First, p.Last, p.Spelled = "\u4f1f", "\u674e", "Wei Li" })}, ""},
		{"letters with marks", []Person{ann(func(p *Person) { p.First, p.Last = "Zo\u00eb", "O\u2019Dowd-L\u00f3pez" })}, ""},
		{"nobody", nil, "0 first registration.people"},
		{"four", []Person{ann(nil), bob(), {}, {}}, "3 first registration.people"},
		{"no name", []Person{ann(func(p *Person) { p.First, p.Last = "", "  " })}, "0 first registration.name"},
		{"a long name", []Person{ann(func(p *Person) { p.Last = long })}, "0 last registration.name"},
		{"a name that breaks a header apart", []Person{ann(func(p *Person) { p.First = "Ann\x00" })}, "0 first registration.name"},
		{"a name that turns text", []Person{ann(func(p *Person) { p.First = "Ann\u202e" })}, "0 first registration.name"},
		{"octets that are no text", []Person{ann(func(p *Person) { p.First = "\xff" })}, "0 first registration.name"},
		{"other letters", []Person{ann(func(p *Person) { p.First, p.Last = "\u4f1f", "\u674e" })}, "0 spelled address.letters"},
		{"a spelling in other letters", []Person{ann(func(p *Person) { p.Spelled = "\u4f1f" })}, "0 spelled address.letters"},
		{"no e-mail", []Person{ann(func(p *Person) { p.Email = "" })}, "0 email registration.email"},
		{"no mobile", []Person{ann(func(p *Person) { p.Mobile = "" })}, "0 mobile contact.mobile"},
		{"a telephone at home", []Person{ann(func(p *Person) { p.Mobile = "0113 496 0000" })}, "0 mobile contact.mobile"},
		{"all wrong", []Person{{}}, "0 first registration.name, 0 email registration.email, 0 mobile contact.mobile"},
		{"the same e-mail", []Person{ann(nil), ann(func(p *Person) { p.Email, p.Mobile = "ANN@home.example", "07700 900125" })}, "1 email registration.same-email"},
		{"the same mobile, written otherwise", []Person{ann(nil), ann(func(p *Person) { p.Email, p.Mobile = "a@home.example", "+44 7700 900123" })}, "1 mobile registration.same-mobile"},
		{"two without", []Person{ann(func(p *Person) { p.Email, p.Mobile = "", "" }), ann(func(p *Person) { p.Email, p.Mobile = "", "" })},
			"0 email registration.email, 0 mobile contact.mobile, 1 email registration.email, 1 mobile contact.mobile"},
	} {
		all, faults := CheckPeople(c.people, p)
		var got []string
		for _, f := range faults {
			got = append(got, string(rune('0'+f.Person))+" "+f.Field+" "+string(f.Verdict.Rule))
			if f.Verdict.Reason == "" || f.Verdict.Allowed {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s, want %s", c.name, strings.Join(got, ", "), c.want)
		}
		if c.want == "" && (len(all) != len(c.people) || all[0].Mobile != "+447700900123") {
			t.Errorf("%s: %+v", c.name, all)
		}
	}
	if p, err := policy.Profile("connect-2024"); err != nil {
		t.Error(err)
	} else if _, faults := CheckPeople(make([]Person, 11), p); len(faults) != 1 || faults[0].Person != 10 {
		t.Errorf("eleven in 2024: %+v", faults)
	}
}

func TestIsTwin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		who  Person
		c    Candidate
		want haven.Rule
	}{
		{"name and mobile", ann(nil), Candidate{"Ann", "Example", false, true, false}, "registration.twin-contact"},
		{"name and organisation", ann(nil), Candidate{"Ann", "Example", false, false, true}, "registration.twin-staff"},
		{"name alone", ann(nil), Candidate{"Ann", "Example", false, false, false}, "registration.no-twin"},
		{"mobile alone", ann(nil), Candidate{"Bob", "Example", false, true, true}, "registration.no-twin"},
		{"the own address, whatever the name", ann(nil), Candidate{"Bob", "Sample", true, false, false}, "registration.twin-address"},
		{"folded", ann(func(p *Person) { p.First, p.Last = "ZO\u00cb", "O'Dowd" }), Candidate{"Zoe", "o\u2019dowd", false, true, false}, "registration.twin-contact"},
		{"the other way round", ann(func(p *Person) { p.First, p.Last = "Example", "Ann" }), Candidate{"Ann", "Example", false, true, false}, "registration.twin-contact"},
		{"a single name in either field", Person{First: "Sukarno"}, Candidate{"", "Sukarno", false, true, false}, "registration.twin-contact"},
		{"a part of the name", Person{First: "Ann"}, Candidate{"Ann", "Example", false, true, false}, "registration.no-twin"},
		{"other letters", Person{First: "\u4f1f", Last: "\u674e"}, Candidate{"\u4f1f", "\u674e", false, true, false}, "registration.twin-contact"},
		{"other letters of somebody else", Person{First: "\u4f1f", Last: "\u674e"}, Candidate{"\u654f", "\u674e", false, true, false}, "registration.no-twin"},
	} {
		if rule, is := IsTwin(c.who, c.c); rule != c.want || is != (c.want != "registration.no-twin") {
			t.Errorf("%s: %s %t, want %s", c.name, rule, is, c.want)
		}
	}
}

func TestRef(t *testing.T) {
	t.Parallel()
	seen := map[byte]bool{}
	for i := range 256 {
		r := makeRef([refLetters]byte{byte(i), byte(i), byte(i), byte(i), byte(i), byte(i), byte(i), byte(i)})
		got, v := ParseRef(string(r))
		if got != r || !v.Allowed {
			t.Fatalf("%s: %s %+v", r, got, v)
		}
		seen[r[3]] = true
	}
	if len(seen) != len(refAlphabet) || strings.ContainsAny(refAlphabet, "01ILOSZUBAE5") {
		t.Errorf("%d letters of %s", len(seen), refAlphabet)
	}
	for in, want := range map[string]Ref{"hv-7k4m-2q9d": "HV-7K4M-2Q9D", " HV 7K4M 2Q9D ": "HV-7K4M-2Q9D", "7K4M2Q9D": "HV-7K4M-2Q9D", "HV7K4M2Q9D": "HV-7K4M-2Q9D",
		"HV\u20117K4M\u20112Q9D": "HV-7K4M-2Q9D", "HVHV-HVHV": "HV-HVHV-HVHV", "HV-7K4M-2Q9": "", "HV-7K4M-2Q9O": "", "": "", "HV-7K4M-2Q9DD": "", "HV-\x007K4M2Q9": ""} {
		if got, v := ParseRef(in); got != want || v.Allowed != (want != "") {
			t.Errorf("%q: %q %+v, want %q", in, got, v, want)
		}
	}
}
