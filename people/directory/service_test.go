package directory_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/directory"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/profile"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// house is a house with a directory over it.
type house struct {
	*peopletest.House
	dir      *directory.Service
	profiles *profile.Service
	contacts *account.Contacts
	log      *bytes.Buffer
}

func each(t *testing.T, fn func(t *testing.T, h *house), change ...func(*policy.Policy)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{House: peopletest.New(t, d, change...), log: &bytes.Buffer{}}
		keys := h.Keyed()
		var err error
		if h.contacts, err = account.OpenContacts(t.Context(), d, keys, h.Clock); err != nil {
			t.Fatal(err)
		}
		h.profiles = profile.New(profile.Options{DB: d, Accounts: h.Accounts, Contacts: h.contacts, Places: h.Places, Keys: h.Seals, Policy: h.Policy, Clock: h.Clock})
		h.dir = directory.New(directory.Options{DB: d, Profiles: h.profiles, Policy: h.Policy.Directory, Clock: h.Clock, Logger: slog.New(slog.NewTextHandler(h.log, nil))})
		fn(t, h)
		h.refresh()
		h.sound()
	}, append(peopletest.Schemas(), directory.Schema)...)
}

func (h *house) refresh() {
	h.T.Helper()
	if err := h.dir.Refresh(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
}

// sound holds the index against what it is made of.
func (h *house) sound() {
	h.T.Helper()
	if err := h.dir.Check(h.T.Context(), func(fault string) { h.T.Error(fault) }); err != nil {
		h.T.Fatal(err)
	}
}

// finds expects a search by somebody to give those names, in that order.
func (h *house) finds(who account.Account, text string, want ...string) {
	h.T.Helper()
	f, err := h.dir.Search(h.T.Context(), peopletest.As(who), text)
	if err != nil {
		h.T.Errorf("%q: %v", text, err)
	}
	var got []string
	for _, e := range f.Entries {
		got = append(got, e.Account.Display)
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		h.T.Errorf("%q finds %q, want %q", text, got, want)
	}
}

func (h *house) must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

func TestPeopleAndPremisesAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ann, bob, zoe := h.Person("Ann", "O'Neill"), h.Person("Bob", "Annan"), h.Person("Zoë", "Müller")
		rowan, shop := h.Premises("FX002", ann)
		elm, err := h.Places.Add(t.Context(), peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: "FX003", Name: "ELM CHEMIST", Place: "YORK", Telephone: "01904 496000"})
		h.must(err)
		h.Post(elm, bob, "dispenser")
		h.refresh()
		for _, c := range []struct {
			text string
			want []string
		}{
			{"ann", []string{"Ann O'Neill", "Bob Annan"}},
			{"ANN", []string{"Ann O'Neill", "Bob Annan"}},
			{"anna", []string{"Bob Annan"}},
			{"oneill ann", []string{"Ann O'Neill"}},
			{"o'neill", []string{"Ann O'Neill"}},
			{"ann o", []string{"Ann O'Neill"}},
			{"bob an", []string{"Bob Annan"}},
			{"zoe muller", []string{"Zoë Müller"}},
			{"Zoë", []string{"Zoë Müller"}},
			{"rowan", []string{shop.Display, "Ann O'Neill"}},
			{"fx002", []string{shop.Display, "Ann O'Neill"}},
			{"leeds", []string{shop.Display, "Ann O'Neill"}},
			{"york", []string{"Bob Annan"}},
			{"york dispenser", []string{"Bob Annan"}},
			{"york ann", []string{"Bob Annan"}},
			{"leeds bob", nil},
			{"ann.oneill@haven.example", []string{"Ann O'Neill"}},
			{shop.Address.String(), []string{shop.Display}},
			{"pharmacy.FX002@haven.example", []string{shop.Display, "Ann O'Neill"}},
			{"nobody", nil},
		} {
			h.finds(zoe, c.text, c.want...)
		}
		// The people of the own place come first, though others fit better.
		h.finds(ann, "ann", "Ann O'Neill", "Bob Annan")
		h.finds(bob, "ann", "Bob Annan", "Ann O'Neill")
		_ = rowan
	})
}

func TestWhatIsWrongToLookFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		h.refresh()
		for _, text := range []string{"", "*", "%", "a", "_", "a%", "  ", "😀", strings.Repeat("ann ", 80)} {
			if _, err := h.dir.Search(t.Context(), peopletest.As(ann), text); !errs.Is(err, errs.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
		}
		for _, text := range []string{"<script>", "'; DROP TABLE account --", "\u202e\u202e ann", "an%"} {
			if _, err := h.dir.Search(t.Context(), peopletest.As(ann), text); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		h.finds(ann, "exam%ple") // signs have no meaning: no word begins with "ple"
	})
}

func TestOnlyThoseWhoAreActivatedSearchAndAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		h.refresh()
		h.finds(ann, "bob", "Bob Example")
		for _, st := range []account.State{account.Inactive, account.Disabled, account.Leaver, account.Blocked, account.Died, account.Deleted} {
			h.must(h.Accounts.SetState(ctx, peopletest.Operator, bob.No, st, "test"))
			h.finds(ann, "bob") // at once, before the index knows
			h.refresh()
			h.finds(ann, "bob")
			if _, err := h.dir.Search(ctx, peopletest.As(bob), "ann"); !errs.Is(err, errs.Denied) {
				t.Errorf("%s searches: %v", st, err)
			}
			if _, err := h.dir.Card(ctx, peopletest.As(bob), ann.ID); !errs.Is(err, errs.Denied) {
				t.Errorf("%s sees a card: %v", st, err)
			}
			gone, none := cardOf(h, ann, bob.ID), cardOf(h, ann, haven.NewAccountID())
			if !errs.Is(gone, errs.NotFound) || gone.Error() != none.Error() {
				t.Errorf("the card of somebody %s: %v; of nobody: %v", st, gone, none)
			}
		}
		h.must(h.Accounts.SetState(ctx, peopletest.Operator, bob.No, account.Active, "test"))
		h.refresh()
		h.finds(ann, "bob", "Bob Example")
		for _, actor := range []haven.Actor{{}, peopletest.Operator, {Person: haven.NewAccountID()}} {
			if _, err := h.dir.Search(ctx, actor, "ann"); err == nil {
				t.Errorf("%+v searches", actor)
			}
		}
	})
}

func cardOf(h *house, who account.Account, id haven.AccountID) error {
	_, err := h.dir.Card(h.T.Context(), peopletest.As(who), id)
	return err
}

// TestOldNamesFindNobody holds Rules 2: neither the old name nor the old address leads to the person, not even before the index is brought up to date.
func TestOldNamesFindNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, cat := t.Context(), h.Person("Ann", "Oldname"), h.Person("Cat", "Example")
		h.refresh()
		h.finds(cat, "oldname", "Ann Oldname")
		h.must(h.Accounts.Rename(ctx, peopletest.Operator, ann.No, "Ann Newname", haven.Address{Local: "ann.newname", Domain: peopletest.Domain}))
		for range 2 {
			for _, text := range []string{"oldname", "ann oldname", "ann.oldname@haven.example", "oldn"} {
				h.finds(cat, text)
			}
			h.finds(ann, "oldname") // the person finds no one by it either
			h.refresh()
		}
		h.finds(cat, "ann newname", "Ann Newname")
		e, err := h.dir.Card(ctx, peopletest.As(cat), ann.ID)
		if s := fmt.Sprintf("%+v", e); err != nil || strings.Contains(strings.ToLower(s), "oldname") {
			t.Errorf("the card tells the old name: %s, %v", s, err)
		}
	})
}

func TestWhateverChangesIsFoundAfterwards(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		place, shop := h.Premises("FX002", ann)
		h.refresh()
		h.must(h.profiles.SetTelephone(ctx, peopletest.As(ann), ann.No, "0113 496 0123"))
		h.must(h.DB.Write(ctx, func(tx *db.Tx) error {
			if err := account.Lock(tx, ann.No); err != nil {
				return err
			}
			return h.profiles.SetJobIn(tx, peopletest.Operator, ann, "Superintendent")
		}))
		h.must(h.Shared.SetAbout(ctx, peopletest.As(ann), shop.No, "Discharge notes: yes"))
		h.must(h.Places.CorrectPlace(ctx, peopletest.Operator, place.ID, "OTLEY"))
		h.refresh()
		h.finds(bob, "superintendent otley", "Ann Example")
		h.finds(bob, "ann leeds")
		f, err := h.dir.Search(ctx, peopletest.As(bob), "superint")
		if err != nil || len(f.Entries) != 1 || f.Entries[0].Telephone != "0113 496 0123" || f.Entries[0].Job != "Superintendent" || f.Entries[0].Places[0].Town != "OTLEY" {
			t.Errorf("%+v, %v", f, err)
		}
		if e, err := h.dir.Card(ctx, peopletest.As(bob), shop.ID); err != nil || e.About != "Discharge notes: yes" {
			t.Errorf("%+v, %v", e, err)
		}
		h.must(h.Places.EndPost(ctx, peopletest.Operator, ann.No, place.ID, "pharmacist"))
		h.finds(bob, "ann otley")
		h.refresh()
		h.finds(bob, "ann otley")
		h.finds(bob, "ann", "Ann Example")
	})
}

// TestThePostOfTomorrow is a change that the clock alone makes.
func TestThePostOfTomorrow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		place, _ := h.Premises("FX002", bob)
		h.must(h.Places.AddPost(t.Context(), peopletest.Operator, organisation.Post{Person: ann.No, Organisation: place.ID, Role: "locum",
			From: h.Clock.Now().Add(24 * time.Hour), Until: h.Clock.Now().Add(48 * time.Hour)}))
		h.refresh()
		h.finds(ann, "ann leeds")
		h.Clock.Advance(24 * time.Hour)
		h.refresh()
		h.finds(ann, "ann leeds", "Ann Example")
		h.Clock.Advance(24 * time.Hour)
		h.finds(ann, "ann leeds") // the index is not there yet
		h.refresh()
		h.finds(ann, "ann leeds")
		h.Clock.Advance(24 * time.Hour)
	})
}

func TestTheMobileIsShownWhereItWasTicked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(*policy.Policy)
		atFirst    string
		ticked, no bool
	}{
		"where ticked":        {func(p *policy.Policy) { p.Directory.MobileShown = false }, "", true, false},
		"unless hidden, 2017": {func(p *policy.Policy) { p.Directory.MobileShown = true }, "+447700900123", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, h *house) {
				ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
				for kind, value := range map[account.ContactKind]string{account.Mobile: "+447700900123", account.PersonalEmail: "ann@home.example"} {
					sealed, err := h.contacts.Seal(ctx, ann.No, kind, value)
					h.must(err)
					h.must(h.DB.Write(ctx, func(tx *db.Tx) error { return h.contacts.PutIn(tx, peopletest.As(ann), sealed) }))
				}
				h.refresh()
				mobile := func() string {
					e, err := h.dir.Card(ctx, peopletest.As(bob), ann.ID)
					h.must(err)
					if strings.Contains(fmt.Sprintf("%+v", e), "home.example") {
						t.Error("the card shows the personal e-mail")
					}
					return e.Mobile
				}
				if got := mobile(); got != c.atFirst {
					t.Errorf("nobody asked: %q", got)
				}
				h.must(h.Activation.ShowMobile(ctx, peopletest.As(ann), ann.No, true))
				if got := mobile(); got != "+447700900123" {
					t.Errorf("ticked: %q", got)
				}
				h.must(h.Activation.ShowMobile(ctx, peopletest.As(ann), ann.No, false))
				if got := mobile(); got != "" {
					t.Errorf("hidden: %q", got)
				}
				h.finds(bob, "07700")
				h.finds(bob, "447700900123")
				h.finds(bob, "home")
			}, c.change)
		})
	}
}

func ruleOf(err error) string {
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		return e.Rule
	}
	return ""
}

func TestTheDaysLimitRefusesAndAlarms(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		h.refresh()
		search := func(who account.Account, text string) error {
			_, err := h.dir.Search(ctx, peopletest.As(who), text)
			return err
		}
		for _, typed := range []string{"bo", "bob", "bob ", "bob e", "bob", "an", "ann", "bob"} { // three searches
			h.must(search(ann, typed))
		}
		for range 3 {
			if err := search(ann, "cat"); !errs.Is(err, errs.TooMany) || ruleOf(err) != "directory.limit" {
				t.Fatalf("a fourth: %v", err)
			}
		}
		h.must(search(bob, "ann")) // nobody else's
		if n := strings.Count(h.log.String(), "alarm=directory.limit"); n != 1 || strings.Contains(h.log.String(), "Ann") {
			t.Errorf("%d alarms: %s", n, h.log)
		}
		if n := h.dir.Limits(); n != 1 {
			t.Errorf("%d are counted", n)
		}
		all, err := audit.About(ctx, h.DB, ann.ID, 10)
		n := 0
		for _, r := range all {
			if r.What == "directory.limit-reached" {
				n++
			}
		}
		if err != nil || n != 1 {
			t.Errorf("%d records of it, %v", n, err)
		}
		h.Clock.Advance(24 * time.Hour)
		h.must(search(ann, "cat"))
	}, func(p *policy.Policy) { p.Directory.SearchesADay = 3 })
}

func TestResultsAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var last account.Account
		for i := range 12 {
			last = h.Person("Ann", fmt.Sprintf("Smith%c", 'a'+i))
		}
		h.refresh()
		f, err := h.dir.Search(t.Context(), peopletest.As(last), "ann")
		if err != nil || len(f.Entries) != 5 || !f.More {
			t.Errorf("%d, %v, %v", len(f.Entries), f.More, err)
		}
		if f, err := h.dir.Search(t.Context(), peopletest.As(last), "ann smithl"); err != nil || len(f.Entries) != 1 || f.More {
			t.Errorf("%d, %v, %v", len(f.Entries), f.More, err)
		}
	}, func(p *policy.Policy) { p.Directory.ResultsAtOnce = 5 })
}

// TestADriftIsFoundAndMended breaks the index in every way that Check looks for.
func TestADriftIsFoundAndMended(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		bob := h.Person("Bob", "Example")
		h.Premises("FX002", ann)
		h.refresh()
		for name, sql := range map[string]string{
			"a row of nobody":     `INSERT INTO directory_word (word, part, no) VALUES ('oldname', 1, $1)`,
			"a row is missing":    `DELETE FROM directory_word WHERE word = 'ann' AND no = $1`,
			"an entry is missing": `DELETE FROM directory_entry WHERE no = $1`,
			"an entry is old":     `UPDATE directory_entry SET words = words || '` + "\nzz\t1" + `', rows = rows + 1 WHERE no = $1`,
		} {
			h.must(h.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sql, int64(ann.No)); return nil }))
			faults := 0
			h.must(h.dir.Check(ctx, func(string) { faults++ }))
			if faults == 0 {
				t.Errorf("%s: not found", name)
			}
			done := int64(0)
			h.must(h.dir.Rebuild(ctx, func(n, all int64) { done = n }))
			st, err := h.dir.State(ctx)
			if err != nil || done != 3 || st.Entries != 3 || st.Waiting != 0 {
				t.Errorf("%s: %d done, %+v, %v", name, done, st, err)
			}
			h.refresh()
			h.sound()
			h.finds(bob, "ann ex", "Ann Example")
			h.finds(bob, "oldname")
			h.finds(bob, "zz")
		}
	})
}

// TestWhoEndsDuringARebuildLeavesNoRows has an account stop being findable between the moment when its rows are in doubt and the next look at it.
func TestWhoEndsDuringARebuildLeavesNoRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		h.refresh()
		h.finds(ann, "bob", "Bob Example")
		h.must(h.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`UPDATE directory_entry SET rows = 0 WHERE no = $1`, int64(bob.No))
			return nil
		}))
		h.must(h.Accounts.SetState(ctx, peopletest.Operator, bob.No, account.Blocked, "test"))
		h.refresh()
		h.sound()
		h.finds(ann, "bob")
		h.must(h.dir.Rebuild(ctx, func(int64, int64) {}))
		h.sound()
		h.finds(ann, "ann", "Ann Example")
	})
}
