package directory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/platform/policy"
)

var numbers = policy.Directory{SearchesADay: 3, ResultsAtOnce: 5, LeastLetters: 2, Typed: 4, TypedFor: 30 * time.Second, Colleagues: 10, StepEntries: 10}

var noon = time.Date(2017, 9, 4, 12, 0, 0, 0, time.UTC)

func TestMaySearchAndFindable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind     haven.AccountKind
		state    account.State
		rule     haven.Rule
		searches bool
		findable bool
	}{
		{haven.Personal, account.Active, "directory.search", true, true},
		{haven.Personal, account.Invited, "directory.activated", false, false},
		{haven.Personal, account.Inactive, "directory.active", false, false},
		{haven.Personal, account.Disabled, "directory.active", false, false},
		{haven.Personal, account.Leaver, "directory.leaver", false, false},
		{haven.Personal, account.Blocked, "directory.active", false, false},
		{haven.Personal, account.Died, "directory.active", false, false},
		{haven.Personal, account.Deleted, "directory.active", false, false},
		{haven.Shared, account.Active, "directory.person", false, true},
		{haven.Shared, account.Closing, "directory.person", false, false},
		{haven.Shared, account.Sealed, "directory.person", false, false},
		{haven.Shared, account.Blocked, "directory.person", false, false},
		{haven.Application, account.Active, "directory.person", false, false},
		{0, 0, "directory.person", false, false},
	} {
		a := account.Account{Kind: c.kind, State: c.state}
		if v := MaySearch(a); v.Allowed != c.searches || v.Rule != c.rule || !v.Allowed && v.Reason == "" {
			t.Errorf("%s %s searches: %+v", c.kind, c.state, v)
		}
		if got := Findable(a); got != c.findable {
			t.Errorf("%s %s is findable: %v", c.kind, c.state, got)
		}
	}
}

func TestMayGoOn(t *testing.T) {
	t.Parallel()
	for nth, want := range map[int]bool{1: true, 3: true, 4: false, 1000: false} {
		if v := MayGoOn(nth, numbers); v.Allowed != want || !want && (v.Rule != "directory.limit" || v.Reason == "") {
			t.Errorf("the %d. search: %+v", nth, v)
		}
	}
}

func TestIsTyping(t *testing.T) {
	t.Parallel()
	at := func(text string, ago time.Duration, requests int) asked { return asked{text, noon.Add(-ago), requests} }
	for _, c := range []struct {
		name   string
		before asked
		text   string
		want   bool
	}{
		{"the first", asked{}, "an", false},
		{"a letter more", at("an", time.Second, 1), "ann", true},
		{"a word more", at("ann", time.Second, 2), "ann smith", true},
		{"a letter less", at("ann", time.Second, 2), "an", true},
		{"the button after the typing", at("ann", time.Second, 2), "ann", true},
		{"another word", at("ann", time.Second, 1), "bob", false},
		{"another last letter", at("ann", time.Second, 1), "anb", false},
		{"after a while", at("an", 30*time.Second, 1), "ann", false},
		{"back and forth, for too long", at("an", time.Second, 4), "ann", false},
	} {
		if got := isTyping(c.before, c.text, numbers, noon); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestParseSearch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"blanks", " \t\u00a0 ", ""},
		{"one letter", "a", ""},
		{"two letters", "li", "li"},
		{"letters of one each", "a b c", ""},
		{"an initial beside a name", "j smith", "smith j"},
		{"accents and case", "  ZOË  Müller ", "muller zoe"},
		{"an apostrophe", "o'neill", "oneill"},
		{"a hyphen", "smith-jones", "jones smith"},
		{"everybody", "*", ""},
		{"everybody, in another way", "%%%", ""},
		{"a letter and everybody", "a*", ""},
		{"signs mean nothing", "sm%th*", "sm th"},
		{"an underline", "s_m", ""},
		{"a code", "fx002", "fx002"},
		{"an address", "ann.smith2@haven.example", "smith2 ann"},
		{"a domain alone", "@haven.example", "example haven"},
		{"a face", "😀😀", ""},
		{"from right to left", "\u202eنن", ""},
		{"script", "<script>alert(1)</script>", "script alert 1"},
		{"a word twice", "ann ann ANN", "ann"},
		{"many words", "aaa bbb ccc ddd eee fff ggg", "aaa bbb ccc ddd eee fff"},
		{"a long word", strings.Repeat("x", 100), strings.Repeat("x", 40)},
		{"too long", strings.Repeat("ann ", 60), ""},
		{"a quote", `ann' OR 1=1 --`, "ann or 1"},
	} {
		got, v := ParseSearch(c.in, numbers)
		if s := strings.Join(got, " "); s != c.want || v.Allowed != (c.want != "") || v.Rule != "directory.words" || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %q, %+v; want %q", c.name, s, v, c.want)
		}
	}
}

// ann works at two places, and left a third.
func ann() facts {
	place := func(id organisation.ID, code, name, town string) Place {
		return Place{ID: id, Code: organisation.Code(code), Name: name, Town: town, Telephone: "0113 496 0000", Postcode: "LS1 1AA"}
	}
	post := func(id organisation.ID, from, until time.Duration) organisation.Post {
		p := organisation.Post{Organisation: id, Role: "Pharmacist", From: noon.Add(from)}
		if until != 0 {
			p.Until = noon.Add(until)
		}
		return p
	}
	return facts{account: account.Account{No: 1, Kind: haven.Personal, State: account.Active, Display: "Ann O'Neill", Address: haven.Address{Local: "ann.oneill2", Domain: "haven.example"}},
		telephone: "0113 496 0123",
		posts:     []organisation.Post{post(1, -5*time.Hour, -time.Hour), post(2, -4*time.Hour, 0), post(3, -3*time.Hour, time.Hour), post(4, time.Hour, 0)},
		postPlaces: []Place{place(1, "FX001", "OLD PHARMACY", "YORK"), place(2, "FX002", "ROWAN PHARMACY", "LEEDS"), place(3, "FX003", "ELM", "LEEDS"),
			place(4, "FX004", "NEXT", "HULL")}}
}

func rowan() facts {
	return facts{account: account.Account{No: 2, Kind: haven.Shared, State: account.Active, Display: "Pharmacy FX002 (Rowan Pharmacy, Leeds)",
		Address: haven.Address{Local: "nhspharmacy.leeds.rowanpharmacyFX002", Domain: "haven.example"}},
		place: Place{ID: 2, Code: "FX002", Name: "ROWAN PHARMACY", Town: "LEEDS", Telephone: "0113 496 0000"}, name: "ROWAN PHARMACY", town: "LEEDS", code: "FX002",
		about: "Discharge notes: yes"}
}

func TestWordsOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		f                facts
		inName, inOthers string
	}{
		{"a person, by the posts held now", ann(), "ann oneill", "elm fx002 fx003 leeds oneill2 pharmacist pharmacy rowan"},
		{"an approved job", func() facts { f := ann(); f.job = "Locum manager"; f.posts = nil; return f }(), "ann oneill", "locum manager oneill2"},
		{"a mailbox", rowan(), "fx002 leeds pharmacy rowan", "nhspharmacy rowanpharmacyfx002"},
		{"what others write about it finds nobody", func() facts { f := rowan(); f.about = "secret"; return f }(), "fx002 leeds pharmacy rowan", "nhspharmacy rowanpharmacyfx002"},
		{"a leaver", func() facts { f := ann(); f.account.State = account.Leaver; return f }(), "", ""},
		{"a name in other letters is found by the address", func() facts { f := ann(); f.account.Display, f.posts = "Αννα", nil; return f }(), "", "ann oneill2"},
	} {
		name, rest := wordsOf(c.f, noon)
		if got := strings.Join(name, " "); got != c.inName {
			t.Errorf("%s: name %q, want %q", c.name, got, c.inName)
		}
		if got := strings.Join(rest, " "); got != c.inOthers {
			t.Errorf("%s: rest %q, want %q", c.name, got, c.inOthers)
		}
	}
	long := ann()
	long.account.Display = strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff gg hh ii ", 3)
	name, rest := wordsOf(long, noon)
	if n := len(keysOf(name, rest)); n > mostIndexed+mostNames*(mostNames-1+mostBeside) {
		t.Errorf("%d rows of one entry", n)
	}
}

func TestKeysAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	keys := keysOf(wordsOf(ann(), noon))
	if !slices.Contains(keys, key{"+ann oneill", inName}) || !slices.Contains(keys, key{"+oneill ann", inName}) || !slices.Contains(keys, key{"leeds", inRest}) || !slices.Contains(keys, key{"+ann leeds", inName}) || slices.Contains(keys, key{"+leeds ann", inName}) {
		t.Errorf("%v", keys)
	}
	if got := readKeys(writeKeys(keys)); !slices.Equal(got, keys) {
		t.Errorf("%v, want %v", got, keys)
	}
	if got := readKeys(""); len(got) != 0 {
		t.Errorf("nothing is %v", got)
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	f := ann()
	if got := f.turns(noon); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("the next change is at %s", got)
	}
	if got := f.turns(noon.Add(time.Hour)); !got.IsZero() {
		t.Errorf("after the last there is one at %s", got)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	name, rest := []string{"ann", "smithson"}, []string{"leeds", "rowan"}
	for _, c := range []struct {
		looked string
		want   int
	}{
		{"ann", 8}, {"an", 4}, {"leeds", 2}, {"lee", 1}, {"ann leeds", 10}, {"smith", 4}, {"ann york", 0}, {"nn", 0}, {"", 0},
	} {
		if got := match(strings.Fields(c.looked), name, rest); got != c.want {
			t.Errorf("%q: %d, want %d", c.looked, got, c.want)
		}
	}
}

func TestByRank(t *testing.T) {
	t.Parallel()
	entry := func(name string, own bool, fit int) ranked {
		return ranked{Entry{Account: account.Account{Display: name}, Own: own}, fit}
	}
	all := []ranked{entry("Zed", false, 8), entry("Bob", false, 4), entry("Own", true, 1), entry("Ann", false, 4), entry("Own, too", true, 8)}
	slices.SortFunc(all, byRank)
	var got []string
	for _, r := range all {
		got = append(got, r.entry.Account.Display)
	}
	if want := []string{"Own, too", "Own", "Zed", "Ann", "Bob"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestShow is what of an entry others see (Rules 8).
func TestShow(t *testing.T) {
	t.Parallel()
	mobile, email := account.Contact{Kind: account.Mobile, Value: "+447700900123"}, account.Contact{Kind: account.PersonalEmail, Value: "ann@home.example"}
	e := show(ann(), map[organisation.ID]bool{3: true}, noon)
	if e.Job != "Pharmacist" || e.Telephone != "0113 496 0123" || len(e.Places) != 2 || e.Places[0].Code != "FX002" || !e.Own || e.Mobile != "" {
		t.Errorf("a person in the list: %+v", e)
	}
	if show(ann(), map[organisation.ID]bool{1: true, 4: true}, noon).Own {
		t.Error("who left, or is not there yet, is a colleague")
	}
	box := show(rowan(), nil, noon)
	if box.Telephone != "0113 496 0000" || box.About != "Discharge notes: yes" || box.Job != "" || box.Own {
		t.Errorf("a mailbox: %+v", box)
	}
	for _, c := range []struct {
		name string
		e    Entry
		p    profile.Profile
		want string
	}{
		{"ticked", e, profile.Profile{Mobile: mobile, Email: email, MobileShown: true}, "+447700900123"},
		{"not ticked", e, profile.Profile{Mobile: mobile, Email: email}, ""},
		{"ticked, and none there", e, profile.Profile{Email: email, MobileShown: true}, ""},
		{"a mailbox has none", box, profile.Profile{Mobile: mobile, MobileShown: true}, ""},
	} {
		got := card(c.e, c.p)
		if got.Mobile != c.want {
			t.Errorf("%s: %q", c.name, got.Mobile)
		}
		if strings.Contains(got.About+got.Telephone+got.Job+got.Account.Address.String(), "home.example") {
			t.Errorf("%s: shows the personal e-mail", c.name)
		}
	}
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ben Whitlock", "Ben Whitlock", true},
		{"Ben Whitlock", "ben  WHITLOCK", true},
		{"Zoë Müller", "Zoe Muller", true},
		{"Whitlock Ben", "Ben Whitlock", true},
		{"Ann O'Neill", "Ann ONeill", true},
		{"Ben Whitlock", "Ben Whitlocke", false},
		{"Ben Whitlock", "Ben John Whitlock", false},
		{"Ben Whitlock", "Ben", false},
		{"", "", false},
	} {
		if got := sameName(c.a, c.b); got != c.same {
			t.Errorf("%q and %q: %t", c.a, c.b, got)
		}
	}
}

// What a search finds and what fits an entry that is shown already are one rule.
func TestFitsAndCalled(t *testing.T) {
	t.Parallel()
	e := show(ann(), nil, noon)
	for _, c := range []struct {
		text         string
		fits, called bool
	}{
		{"ann", true, true}, {"O'Neill ANN", true, true}, {"one", true, true}, {"leeds", true, false}, {"ann leeds", true, false}, {"hull", false, false},
		{"", false, false}, {"%", false, false}, {"neill", false, false}, {"nobody", false, false}, {e.Account.Address.String(), true, false},
	} {
		if fits, called := e.Fits(c.text), e.Called(c.text); fits != c.fits || called != c.called {
			t.Errorf("%q: %v %v", c.text, fits, called)
		}
	}
}
