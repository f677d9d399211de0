package organisation

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

func TestParseGPhC(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"1034567": "1034567", " 103 4567 ": "1034567", "2034567": "", "103456": "", "10345678": "", "": "",
		"103456A": "", "１034567": "", "-1034567": ""} {
		if got, v := ParseGPhC(in); got != want || v.Allowed != (want != "") || v.Rule != "premises.gphc" {
			t.Errorf("%q: %q %+v, want %q", in, got, v, want)
		}
	}
}

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"shop@Rowan.Example": "shop@rowan.example", " a.b+c@x.example ": "a.b+c@x.example", "shop": "", "shop@rowan": "",
		"shop@[192.0.2.1]": "", `"a b"@x.example`: "", "sh\u00f6p@x.example": "", "shop@x.example, other@x.example": "", "": "", "shop@x..example": "", "a\r\n@x.example": ""} {
		if got, v := ParseEmail(in); got.String() != want || v.Allowed != (want != "") {
			t.Errorf("%q: %q %+v, want %q", in, got, v, want)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"pharmacy@example.net": "p•••@e•••", "x@y.example": "x•••@y•••", "\u00e9lan@\u00e4gypten.example": "\u00e9•••@\u00e4•••"} {
		if got := Masked(haven.MustAddress(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Masked(haven.Address{}); got != "" {
		t.Errorf("none: %q", got)
	}
}

func TestContactChange(t *testing.T) {
	t.Parallel()
	c := func(mail, gphc, source string, day Date) Contact {
		return Contact{Email: addressOf(mail), GPhC: gphc, Source: source, Stated: day}
	}
	have := c("a@x.example", "1000001", "list", 20250401)
	for _, k := range []struct {
		name      string
		have, say Contact
		want      Change
		rule      haven.Rule
	}{
		{"nothing was known", Contact{}, have, Added, "premises.contact"},
		{"the same once more", have, have, Unchanged, "premises.contact"},
		{"the same, in other letters", have, c("A@x.example", "1000001", "list", 20250401), Unchanged, "premises.contact"},
		{"the same, of an earlier day", have, c("a@x.example", "1000001", "list", 20250301), Unchanged, "premises.contact"},
		{"the same, of a later day", have, c("a@x.example", "1000001", "list", 20250402), Confirmed, "premises.contact"},
		{"the same, from elsewhere", have, c("a@x.example", "1000001", "call", 20250401), Confirmed, "premises.contact"},
		{"another e-mail", have, c("b@x.example", "1000001", "list", 20250402), Altered, "premises.contact"},
		{"another e-mail, corrected on the day", have, c("b@x.example", "1000001", "list", 20250401), Altered, "premises.contact"},
		{"another number", have, c("a@x.example", "1000002", "list", 20250402), Altered, "premises.contact"},
		{"another e-mail, of an earlier day", have, c("b@x.example", "1000001", "list", 20250331), Unchanged, "premises.contact-older"},
	} {
		if got, v := ContactChange(k.have, k.say); got != k.want || v.Rule != k.rule || v.Allowed != (k.rule == "premises.contact") {
			t.Errorf("%s: %v %+v, want %v %s", k.name, got, v, k.want, k.rule)
		}
	}
}

func TestStillHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		joined, stated Date
		known, want    bool
	}{
		{"stated after the premises joined", 20180320, 20250401, true, true},
		{"on the day", 20250401, 20250401, true, true},
		{"before: the former owner's", 20250402, 20250401, true, false},
		{"no head office", 0, 20250401, true, true},
		{"nothing is known", 0, 20250401, false, false},
	} {
		contact := Contact{Stated: c.stated}
		if c.known {
			contact.GPhC = "1000001"
		}
		if got := StillHolds(Organisation{Joined: c.joined}, contact); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// contacts writes a file of contacts; each line is code, e-mail, number.
func contacts(lines ...string) string {
	var b strings.Builder
	b.WriteString("ODS code,E-mail,GPhC number,Source,Date\r\n")
	for _, l := range lines {
		b.WriteString(strings.ReplaceAll(l, " ", ",") + ",list of April,2025-04-01\r\n")
	}
	return b.String()
}

func applyContacts(t *testing.T, s *Service, file string) ContactReport {
	t.Helper()
	said, err := s.PreviewContacts(t.Context(), strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	rep, err := s.ApplyContacts(t.Context(), operator, strings.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%+v", said) != fmt.Sprintf("%+v", rep) {
		t.Errorf("the preview says %+v, and done was %+v", said, rep)
	}
	again, err := s.PreviewContacts(t.Context(), strings.NewReader(file))
	if err != nil || len(again.Items) != 0 || again.Same != len(rep.Items)+rep.Same {
		t.Errorf("a second run: %+v, %v, after %+v", again, err, rep)
	}
	return rep
}

func contactOf(t *testing.T, s *Service, code Code) Contact {
	t.Helper()
	o, err := s.ByCode(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.ContactOf(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContactsSayFirstAndAreDoneOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		apply(t, s, list(300, nil), Options{})
		var lines []string
		for i := range 250 {
			lines = append(lines, fmt.Sprintf("fx%03d shop%03d@group.example 1%06d", i, i, i))
		}
		var steps []int
		rep, err := s.ApplyContacts(t.Context(), operator, strings.NewReader(contacts(lines...)), func(done, total int) { steps = append(steps, done, total) })
		if err != nil || rep.Counts[Added] != 250 || rep.Active != 300 || rep.Without != 50 || fmt.Sprint(steps) != "[200 250 250 250]" {
			t.Fatalf("%+v, %v, steps %v", rep, err, steps)
		}
		want := Contact{Email: haven.MustAddress("shop007@group.example"), GPhC: "1000007", Source: "list of April", Stated: 20250401, Since: start}
		if got := contactOf(t, s, "FX007"); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got := contactOf(t, s, "FX260"); got.Known() {
			t.Errorf("of one that the file lacks: %+v", got)
		}
		s.clock.(*clock.Fake).Advance(48 * time.Hour)
		later := strings.NewReplacer("2025-04-01", "2025-04-08", "list of April", "call").Replace(contacts("FX007 new@group.example 1000007", "FX008 shop008@group.example 1000008"))
		rep = applyContacts(t, s, later)
		if rep.Counts[Altered] != 1 || rep.Counts[Confirmed] != 1 || rep.Items[0] != (ContactItem{Line: 2, Change: Altered, Code: "FX007", Name: "ROWAN PHARMACY", Was: "s•••@g•••", Now: "n•••@g•••"}) {
			t.Errorf("%+v", rep)
		}
		got := contactOf(t, s, "FX007")
		was := got.Was
		if got.Email.Local != "new" || got.Source != "call" || got.Stated != 20250408 || !got.Since.Equal(start.Add(48*time.Hour)) ||
			was == nil || was.Email != want.Email || was.Source != want.Source || was.Stated != want.Stated || was.GPhC != "1000007" {
			t.Errorf("%+v, before %+v", got, was)
		}
		if got := contactOf(t, s, "FX008"); got.Source != "call" || got.Stated != 20250408 || got.Was != nil || !got.Since.Equal(start) {
			t.Errorf("confirmed: %+v", got)
		}
		rep, err = s.PreviewContacts(t.Context(), strings.NewReader(contacts("FX007 shop007@group.example 1000007")))
		if err != nil || rep.Refused != 1 || !strings.Contains(rep.Refusals[0].Reason, "known since 2025-04-08, and is of 2025-04-01") {
			t.Errorf("an older file: %+v, %v", rep, err)
		}
	}, schemas...)
}

// TestContactsShared: a group shares an e-mail, two groups don't; a number is one premises'. What is known goes first.
func TestContactsShared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		known   string // lines, joined by |
		file    string
		refused map[int]string // by line of the file, 2 is the first after the header
	}{
		{"one e-mail for a group", "", "FX000 all@g.example 1000000|FX001 all@g.example 1000001", nil},
		{"one e-mail for two groups", "", "FX000 all@g.example 1000000|FX002 ALL@g.example 1000001", map[int]string{3: "gives an e-mail of the group of P000, which is another"}},
		{"another group has it", "FX002 all@g.example 1000002", "FX000 all@g.example 1000000", map[int]string{2: "gives an e-mail of the group of P001, which is another"}},
		{"two with one number", "", "FX000 a@g.example 1000000|FX001 a@g.example 1000000", map[int]string{3: "gives the GPhC number of FX000"}},
		{"another has the number", "FX003 c@g.example 1000000", "FX000 a@g.example 1000000", map[int]string{2: "gives the GPhC number of FX003"}},
		{"two are exchanged", "FX000 a@g.example 1000000|FX001 a@g.example 1000001", "FX000 a@g.example 1000001|FX001 a@g.example 1000000", nil},
		{"one gives its number on", "FX000 a@g.example 1000000", "FX001 a@g.example 1000000|FX000 a@g.example 1000009", nil},
		{"one keeps what its refused line would have given on", "FX000 a@g.example 1000000|FX003 c@g.example 1000003",
			"FX001 a@g.example 1000000|FX000 a@g.example 1000003", map[int]string{2: "gives what another premises keeps, since the line about that one is refused", 3: "gives the GPhC number of FX003"}},
		{"a closed one gives way", "FX009 a@g.example 1000000", "FX000 a@g.example 1000000", nil},
		{"a chain of three falls", "FX000 a@g.example 1000000|FX001 a@g.example 1000001|FX003 c@g.example 1000003",
			"FX004 d@g.example 1000000|FX000 a@g.example 1000001|FX001 a@g.example 1000003", map[int]string{2: "gives what", 3: "gives what", 4: "gives the GPhC number of FX003"}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := newService(t, d)
				premises := func(closed string) string {
					return list(10, func(i int, f map[string]string) {
						f["parent"] = fmt.Sprintf("P%03d", i/2)
						if i == 9 {
							f["status"] = closed
						}
					})
				}
				apply(t, s, premises("A"), Options{})
				if c.known != "" {
					applyContacts(t, s, contacts(strings.Split(c.known, "|")...))
				}
				apply(t, s, premises("C"), Options{AllowClosures: true})
				rep := applyContacts(t, s, contacts(strings.Split(c.file, "|")...))
				if rep.Refused != len(c.refused) {
					t.Fatalf("%+v, want %v", rep, c.refused)
				}
				for _, r := range rep.Refusals {
					if want := c.refused[r.Line]; want == "" || !strings.HasPrefix(r.Reason, want) {
						t.Errorf("line %d: %q, want %q", r.Line, r.Reason, want)
					}
				}
			}, schemas...)
		})
	}
}

func TestBrokenContactsSpoilNoOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		apply(t, s, list(20, func(i int, f map[string]string) {
			if i == 15 {
				f["status"] = "P"
			}
		}), Options{})
		if _, err := s.Add(t.Context(), operator, Organisation{Kind: GPPractice, Code: "A81001", Name: "Elder Lane Surgery", Place: "Leeds"}); err != nil {
			t.Fatal(err)
		}
		lines := []string{ // the header is line 1
			"\ufeffdate,\"GPhC number\",Source,ODS Code,note,E-Mail",
			"20250401,1000000,list,FX000,,a@g.example",
			"2025-04-01,1000001,list,FX001,\"not, closed,a@g.example",
			"2025-04-01,1000002,list,FX999,,a@g.example",
			"2025-04-01,1000002,list,A81001,,a@g.example",
			"2025-04-01,1000002,list,FX002,,nonsense",
			"2025-04-01,2000002,list,FX002,,a@g.example",
			"2025-04-01,1000002,,FX002,,a@g.example",
			"2025-04-08,1000002,list,FX002,,a@g.example", // tomorrow
			"2025-04-31,1000002,list,FX002,,a@g.example",
			",1000002,list,FX002,,a@g.example",
			"2025-04-01,,list,FX002,,",
			"2025-04-01,1000002,list,FX002",
			strings.Repeat("x", 20_000),
			"2025-04-01,1000002,li\u202est,FX002,,a@g.example",
			"2025-04-01,1000000,list,FX000,again,a@g.example",
			"2025-04-01,1000009,list,FX000,,a@g.example",
			"",
			"2025-04-01,,list,FX003,,a@g.example",
			"2025-04-01,1000015,list,FX015,,a@g.example",
		}
		rep := applyContacts(t, s, strings.Join(lines, "\n"))
		if rep.Counts[Added] != 3 || rep.Repeated != 1 || rep.Refused != 14 || rep.Lines != 18 || len(rep.Doubtful) != 1 || rep.Active != 19 || rep.Without != 18 {
			t.Fatalf("%+v", rep)
		}
		want := []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17}
		for i, r := range rep.Refusals {
			if r.Line != want[i] || r.Reason == "" || strings.Contains(r.Reason, "@") {
				t.Errorf("refusal %d: %+v, want line %d", i, r, want[i])
			}
		}
		if got := contactOf(t, s, "FX003"); got.GPhC != "" || got.Email.Local != "a" {
			t.Errorf("%+v", got)
		}
		// A value that a later file leaves empty stays.
		applyContacts(t, s, "ODS code,e-mail,GPhC number,source,date\nFX003,,1000003,call,2025-04-05")
		if got := contactOf(t, s, "FX003"); got.GPhC != "1000003" || got.Email.Local != "a" || got.Was == nil || got.Was.GPhC != "" {
			t.Errorf("%+v", got)
		}
	}, schemas...)
}

func TestContactsNeedTheirHeader(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, "sqlite", schemas...)
	s := newService(t, d)
	for _, file := range []string{"FX000,a@g.example,1000000,list,2025-04-01", "ODS code,e-mail,source,date\n", "ODS code,e-mail,e-mail,GPhC number,source,date\n",
		`"ODS code,e-mail`, strings.Repeat("x", 20_000) + "\nODS code,e-mail,GPhC number,source,date\n"} {
		if _, err := s.PreviewContacts(t.Context(), strings.NewReader(file)); !errors.Is(err, errNoHeader) {
			t.Errorf("%.40q: %v", file, err)
		}
	}
	s.policy.FileOctets = 1000
	if _, err := s.PreviewContacts(t.Context(), strings.NewReader(contacts()+strings.Repeat("\n", 1000))); !errs.Is(err, errs.Invalid) {
		t.Errorf("a file without end: %v", err)
	}
}

func TestCentral(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, s := t.Context(), newService(t, d)
		apply(t, s, list(4, func(i int, f map[string]string) {
			if i > 1 {
				f["parent"] = "P002"
			}
		}), Options{})
		central := func(code Code) string {
			o, err := s.ByCode(ctx, code)
			if err != nil {
				t.Fatal(err)
			}
			c, ok, err := s.CentralOf(ctx, o)
			if err != nil || ok != (c.Contact != "") {
				t.Fatalf("%+v %v %v", c, ok, err)
			}
			return c.Contact + " " + c.Email.String()
		}
		if got := central("FX000"); got != " " {
			t.Errorf("before: %s", got)
		}
		say := func(code Code, who, mail string) error {
			return s.SetCentral(ctx, operator, Central{Group: code, Contact: who, Email: addressOf(mail)})
		}
		for _, c := range []struct {
			name string
			err  error
			kind errs.Kind
		}{
			{"no head office", say("FX000", "Ines", "i@group.example"), errs.Invalid},
			{"one that nothing belongs to", say("P009", "Ines", "i@group.example"), errs.NotFound},
			{"nobody to ask", say("P001", " ", "i@group.example"), errs.Invalid},
			{"no e-mail", say("P001", "Ines", ""), errs.Invalid},
			{"the end of what never was", s.EndCentral(ctx, operator, "P001"), errs.NotFound},
			{"a release of nothing", s.Release(ctx, operator, "FX999"), errs.NotFound},
		} {
			if !errs.Is(c.err, c.kind) {
				t.Errorf("%s: %v, want %v", c.name, c.err, c.kind)
			}
		}
		for _, err := range []error{say("p001", "Jonas Petty", "j@group.example"), say("P001", "Ines  Calvo-Ruiz", "i@group.example"), s.Release(ctx, operator, "FX001"), s.Release(ctx, operator, "FX001")} {
			if err != nil {
				t.Error(err)
			}
		}
		records := 0
		err := d.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT COUNT(*) FROM audit WHERE what IN ('organisation.central', 'organisation.released')`, nil, func(r db.Row) error {
				records = int(r.Int64(0))
				return nil
			})
		})
		if err != nil || records != 3 {
			t.Errorf("%d records of two contacts and a release, %v", records, err)
		}
		for code, want := range map[Code]string{"FX000": "Ines Calvo-Ruiz i@group.example", "FX001": " ", "FX002": " "} {
			if got := central(code); got != want {
				t.Errorf("%s: %q, want %q", code, got, want)
			}
		}
		if err := s.EndCentral(ctx, operator, "P001"); err != nil || central("FX000") != " " {
			t.Errorf("after the end: %v, %s", err, central("FX000"))
		}
	}, schemas...)
}
