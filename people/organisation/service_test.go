package organisation

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

var (
	start    = time.Date(2025, 4, 7, 9, 0, 0, 0, time.UTC)
	operator = haven.Actor{Program: "admin"}
	schemas  = []db.Schema{audit.Schema, account.Schema, Schema}
)

func newService(t *testing.T, d *db.DB) *Service {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return New(d, clock.NewFake(start), p.Organisation, nil)
}

// list writes a file of n premises; change alters the fields of one.
func list(n int, change func(i int, f map[string]string)) string {
	var b strings.Builder
	for i := range n {
		f := map[string]string{"name": "ROWAN PHARMACY", "town": "LEEDS", "closed": "", "status": "A", "parent": "P001"}
		if change != nil {
			change(i, f)
		}
		fmt.Fprintf(&b, `"FX%03d","%s","Y62","QOP","1 ELM AVENUE","","%s","","","LS1 1AA","20060601","%s","%s","1","%s","20060601","","0113 4960000","","","","0","","QOP","","",""`+"\r\n",
			i, f["name"], f["town"], f["closed"], f["status"], f["parent"])
	}
	return b.String()
}

func apply(t *testing.T, s *Service, file string, o Options) Report {
	t.Helper()
	rep, err := s.Apply(t.Context(), operator, strings.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestImportSaysFirstAndDoesItOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		file := list(300, nil)
		rep, err := s.Preview(t.Context(), strings.NewReader(file), Options{})
		if err != nil || rep.Counts[Added] != 300 || rep.Refused != 0 {
			t.Fatalf("preview: %+v, %v", rep, err)
		}
		if _, err := s.ByCode(t.Context(), "FX001"); !errs.Is(err, errs.NotFound) {
			t.Errorf("a preview wrote something: %v", err)
		}
		var steps []int
		apply(t, s, file, Options{Progress: func(done, total int) { steps = append(steps, done, total) }})
		if fmt.Sprint(steps) != "[200 300 300 300]" {
			t.Errorf("progress %v", steps)
		}
		o, err := s.ByCode(t.Context(), "FX001")
		if err != nil || o.Name != "ROWAN PHARMACY" || o.Place != "LEEDS" || o.Parent != "P001" {
			t.Fatalf("%+v, %v", o, err)
		}
		if rep := apply(t, s, file, Options{}); rep.Same != 300 || len(rep.Items) != 0 {
			t.Errorf("the second run: %+v", rep)
		}
		again, err := s.ByCode(t.Context(), "FX001")
		if err != nil || again.ID != o.ID {
			t.Errorf("the id changed from %d to %d, %v", o.ID, again.ID, err)
		}
	}, schemas...)
}

func TestImportTellsWhatChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		apply(t, s, list(100, nil), Options{})
		id := func(c Code) ID {
			o, err := s.ByCode(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			return o.ID
		}
		if err := s.CorrectPlace(t.Context(), operator, id("FX003"), "Bramley"); err != nil {
			t.Fatal(err)
		}
		file := list(101, func(i int, f map[string]string) {
			switch i {
			case 1:
				f["status"], f["closed"] = "C", "20250401"
			case 2:
				f["parent"] = "P002"
			case 3:
				f["name"] = "BIRCH PHARMACY"
			case 4:
				f["closed"] = "20250223" // active with a close date in the past
			}
		})
		rep := apply(t, s, file, Options{})
		if rep.Counts[Closing] != 1 || rep.Counts[ReHomed] != 1 || rep.Counts[Altered] != 2 || rep.Counts[Added] != 1 || rep.Same != 96 || len(rep.Doubtful) != 1 {
			t.Errorf("report %+v", rep)
		}
		for _, it := range rep.Items {
			if it.Change == ReHomed && (it.Line != 3 || it.Was != "P001" || it.Now != "P002") {
				t.Errorf("re-homed %+v", it)
			}
		}
		if o, err := s.ByCode(t.Context(), "FX003"); err != nil || o.Name != "BIRCH PHARMACY" || o.Place != "Bramley" {
			t.Errorf("a corrected place was overwritten: %+v, %v", o, err)
		}
		if under, err := s.Under(t.Context(), "P002", 0, 10); err != nil || len(under) != 1 || under[0].Code != "FX002" {
			t.Errorf("under P002: %+v, %v", under, err)
		}
	}, schemas...)
}

func TestImportRefusesToCloseTooMany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		apply(t, s, list(100, nil), Options{})
		file := list(100, func(i int, f map[string]string) {
			if i < 3 {
				f["status"] = "C"
			}
		})
		rep, err := s.Apply(t.Context(), operator, strings.NewReader(file), Options{})
		if !errs.Is(err, errs.Denied) || rep.Counts[Closing] != 3 || rep.Allowed().Rule != "organisation.closures" {
			t.Fatalf("%+v, %v", rep, err)
		}
		if o, err := s.ByCode(t.Context(), "FX000"); err != nil || o.Status != Active {
			t.Errorf("something was closed: %+v, %v", o, err)
		}
		apply(t, s, file, Options{AllowClosures: true})
		if o, err := s.ByCode(t.Context(), "FX000"); err != nil || o.Status != Closed {
			t.Errorf("not closed: %+v, %v", o, err)
		}
	}, schemas...)
}

// TestSuspendedPremisesCountAsClosed: a file that makes them pending takes them out of service as well.
func TestSuspendedPremisesCountAsClosed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		apply(t, s, list(100, nil), Options{})
		file := list(100, func(i int, f map[string]string) {
			if i < 3 {
				f["status"] = "CPP"[i : i+1]
			}
		})
		rep, err := s.Apply(t.Context(), operator, strings.NewReader(file), Options{})
		if !errs.Is(err, errs.Denied) || rep.Counts[Closing] != 1 || rep.Counts[Resting] != 2 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if rep, err := s.Preview(t.Context(), strings.NewReader(file), Options{AllowClosures: true}); err != nil || !rep.Allowed().Allowed || rep.Items[0].Name != "ROWAN PHARMACY" {
			t.Errorf("a preview that was told: %+v, %v", rep, err)
		}
	}, schemas...)
}

// TestAnOrganisationOfAnotherKindIsLeftAlone: a line that has its code is refused, however often the file is read.
func TestAnOrganisationOfAnotherKindIsLeftAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		if _, err := s.Add(t.Context(), operator, Organisation{Kind: GPPractice, Code: "FX001", Name: "Elder Lane Surgery", Place: "Leeds"}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			rep := apply(t, s, list(3, nil)+"garbage", Options{})
			if rep.Refused != 2 || rep.Refusals[0] != (Refusal{2, "FX001 is a GP practice here and no pharmacy"}) || rep.Refusals[1].Line != 4 || rep.Counts[Added]+rep.Same != 2 {
				t.Errorf("%+v", rep)
			}
			if o, err := s.ByCode(t.Context(), "FX001"); err != nil || o.Kind != GPPractice || o.Name != "Elder Lane Surgery" {
				t.Errorf("it became %+v, %v", o, err)
			}
		}
	}, schemas...)
}

// TestPremisesThatTheFileLacks are counted, and stay as they are.
func TestPremisesThatTheFileLacks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		apply(t, s, list(100, nil), Options{})
		apply(t, s, list(100, func(i int, f map[string]string) {
			if i == 99 {
				f["status"] = "C"
			}
		}), Options{})
		rep := apply(t, s, list(97, nil), Options{})
		if len(rep.Missing) != 2 || rep.Missing[0] != (Item{Code: "FX097", Name: "ROWAN PHARMACY"}) || rep.Active != 99 || rep.Same != 97 {
			t.Errorf("%+v", rep)
		}
		if o, err := s.ByCode(t.Context(), "FX098"); err != nil || o.Status != Active {
			t.Errorf("%+v, %v", o, err)
		}
	}, schemas...)
}

func TestBrokenLinesSpoilNoOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		lines := strings.SplitAfter(list(6, nil), "\r\n")
		lines[1] = `"FX001","A QUOTE NOT CLOSED` + "\r\n"
		lines[3] = strings.Repeat("x", 20_000) + "\n"
		file := "\ufeff" + strings.Join(lines, "") + "\n" + lines[0] + strings.Replace(lines[2], "ROWAN", "BIRCH", 1) + "garbage"
		rep := apply(t, s, file, Options{})
		if rep.Counts[Added] != 4 || rep.Repeated != 1 || rep.Refused != 4 {
			t.Fatalf("%+v", rep)
		}
		for i, want := range []int{2, 4, 9, 10} {
			if rep.Refusals[i].Line != want || rep.Refusals[i].Reason == "" {
				t.Errorf("refusal %d: %+v, want line %d", i, rep.Refusals[i], want)
			}
		}
	}, schemas...)
}

func TestAFileWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, "sqlite", schemas...)
	s := newService(t, d)
	s.policy.FileOctets = 1000
	_, err := s.Preview(t.Context(), strings.NewReader(list(100, nil)), Options{})
	if !errs.Is(err, errs.Invalid) {
		t.Errorf("%v, want Invalid", err)
	}
}

func TestTheNationalList(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../../shared/data/edispensary.csv")
	if err != nil {
		t.Skip("the national list is not here: ../shared/data/edispensary.csv beside the module")
	}
	defer f.Close()
	s := newService(t, dbtest.Open(t, "sqlite", schemas...))
	begin := time.Now()
	rep, err := s.Apply(t.Context(), operator, f, Options{})
	if err != nil || rep.Counts[Added] != 20932 || rep.Refused != 0 || len(rep.Doubtful) != 10 {
		t.Fatalf("%d added, %d refused %v, doubtful %v, %v", rep.Counts[Added], rep.Refused, rep.Refusals, rep.Doubtful, err)
	}
	t.Logf("applied in %v", time.Since(begin))
	edge, err := os.Open("../../../shared/data/edispensary-edge-cases.csv")
	if err != nil {
		t.Skip("the edge cases are not here: ../shared/data/edispensary-edge-cases.csv beside the module")
	}
	defer edge.Close()
	if rep, err := s.Preview(t.Context(), edge, Options{}); err != nil || rep.Same != 39 || rep.Repeated != 0 || len(rep.Items) != 0 {
		t.Errorf("edge cases: %+v, %v", rep, err)
	}
}

func TestAddAndPosts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, s := t.Context(), newService(t, d)
		gp, err := s.Add(ctx, operator, Organisation{Kind: GPPractice, Code: "a81001", Name: " Oak  Surgery ", Lines: [5]string{"1 High Street", "Whitby"}, Postcode: "yo211aa"})
		if err != nil || gp.Code != "A81001" || gp.Name != "Oak Surgery" || gp.Place != "Whitby" || gp.Postcode != "YO21 1AA" || gp.Status != Active {
			t.Fatalf("%+v, %v", gp, err)
		}
		if _, err := s.Add(ctx, operator, Organisation{Kind: GPPractice, Code: "A81001", Name: "Another"}); !errs.Is(err, errs.Conflict) {
			t.Errorf("a second one with the code: %v", err)
		}
		ward, err := s.Add(ctx, operator, Organisation{Kind: Hospital, Name: "Ward 7"})
		if err != nil || ward.ID == gp.ID {
			t.Fatalf("%+v, %v", ward, err)
		}
		if _, err := s.Add(ctx, operator, Organisation{Kind: Hospital, Name: "Ward 8"}); err != nil {
			t.Errorf("a second one without a code: %v", err)
		}
		for _, bad := range []Organisation{{Name: "No kind"}, {Kind: Other}, {Kind: Pharmacy, Name: "X", Code: "ZZ"}, {Kind: Other, Name: "X", Postcode: "?"},
			{Kind: Other, Name: "X\x00"}, {Kind: Other, Name: "X\u202eY"}, {Kind: Other, Name: "X", Place: "\xff"}, {Kind: Other, Name: strings.Repeat("X", 401)}} {
			if _, err := s.Add(ctx, operator, bad); !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v, want Invalid", bad, err)
			}
		}
		person(t, d, 1)
		testPosts(ctx, t, s, gp.ID, ward.ID)
	}, schemas...)
}

func testPosts(ctx context.Context, t *testing.T, s *Service, gp, ward ID) {
	t.Helper()
	post := Post{Person: 1, Organisation: gp, Role: "Pharmacist"}
	for _, step := range []struct {
		name string
		do   func() error
		want errs.Kind
		ok   bool
	}{
		{"a first post", func() error { return s.AddPost(ctx, operator, post) }, 0, true},
		{"the same again", func() error { return s.AddPost(ctx, operator, post) }, errs.Conflict, false},
		{"another at once", func() error { return s.AddPost(ctx, operator, Post{Person: 1, Organisation: ward, Role: "Locum"}) }, 0, true},
		{"at no organisation", func() error { return s.AddPost(ctx, operator, Post{Person: 1, Organisation: 999, Role: "X"}) }, errs.NotFound, false},
		{"of nobody", func() error { return s.AddPost(ctx, operator, Post{Person: 99, Organisation: gp, Role: "X"}) }, errs.NotFound, false},
		{"without a role", func() error { return s.AddPost(ctx, operator, Post{Person: 1, Organisation: gp}) }, errs.Invalid, false},
		{"ending it", func() error { return s.EndPost(ctx, operator, 1, gp, "Pharmacist") }, 0, true},
		{"ending it again", func() error { return s.EndPost(ctx, operator, 1, gp, "Pharmacist") }, errs.NotFound, false},
	} {
		if err := step.do(); (err == nil) != step.ok || !step.ok && !errs.Is(err, step.want) {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	posts, err := s.Posts(ctx, 1)
	if err != nil || len(posts) != 2 || posts[0].Until.IsZero() == posts[1].Until.IsZero() {
		t.Errorf("posts %+v, %v", posts, err)
	}
	if staff, err := s.Staff(ctx, ward, 0, 10); err != nil || len(staff) != 1 {
		t.Errorf("staff %+v, %v", staff, err)
	}
}

// person puts a bare account there.
func person(t *testing.T, d *db.DB, no int64) {
	t.Helper()
	id := haven.NewAccountID()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		tx.Exec(`INSERT INTO account (no, id, kind, state, since, display, access_ver, created) VALUES ($1, $2, 1, 2, 0, 'Ann', 1, 0)`, no, id[:])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
