package account_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

type house = peopletest.House

func TestNamesakesAndAddresses(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		for _, want := range []string{"ann.example@haven.example", "ann.example2@haven.example", "ann.example3@haven.example"} {
			if a := h.Person("Ann", "Example"); a.Address.String() != want || a.Display != "Ann Example" || a.ID.IsZero() {
				t.Errorf("%+v, want %s", a, want)
			}
		}
		if a := h.Person("Anne", "Examples"); a.Address.String() != "anne.examples@haven.example" {
			t.Errorf("%s", a.Address)
		}
		long := strings.Repeat("abcdefghij", 6)
		first, second := h.Person(long, long), h.Person(long, long)
		if len(first.Address.Local) != 64 || len(second.Address.Local) != 64 || !strings.HasSuffix(second.Address.Local, "2") {
			t.Errorf("%s, %s", first.Address, second.Address)
		}
		for _, c := range []struct {
			name string
			n    account.NewPersonal
			kind errs.Kind
			rule string
		}{
			{"another script", account.NewPersonal{First: "Анна", Last: "Test"}, errs.Invalid, "address.letters"},
			{"a strange domain", account.NewPersonal{First: "Ann", Last: "Test", Domain: "elsewhere.test"}, errs.Invalid, "address.domain"},
			{"no name", account.NewPersonal{}, errs.Invalid, "account.name"},
			{"a control in the name", account.NewPersonal{First: "Ann\x00", Last: "Test"}, errs.Invalid, "account.name"},
			{"a name that turns the line round", account.NewPersonal{First: "Ann\u202e", Last: "Test"}, errs.Invalid, "account.name"},
			{"a weak password", account.NewPersonal{First: "Ann", Last: "Test", Password: "password1234"}, errs.Invalid, "password.common"},
			{"the own name", account.NewPersonal{First: "Margaret", Last: "Test", Password: "margaret-kettle"}, errs.Invalid, "password.name"},
			{"a taken address", account.NewPersonal{First: "Bob", Last: "Test", Address: haven.MustAddress("Ann.Example2@haven.example")}, errs.Conflict, "address.taken"},
		} {
			_, err := h.Accounts.CreatePersonal(t.Context(), peopletest.Operator, c.n)
			var e *errs.Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.Rule != c.rule {
				t.Errorf("%s: %v, want %s %s", c.name, err, c.kind, c.rule)
			}
		}
	})
}

func TestNamesakesAtOnce(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := make(map[string]bool)
		for range 20 {
			wg.Go(func() {
				a, err := h.Accounts.CreatePersonal(t.Context(), peopletest.Operator, account.NewPersonal{First: "Ann", Last: "Example"})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || seen[a.Address.Key()] {
					t.Errorf("%s, %v", a.Address, err)
				}
				seen[a.Address.Key()] = true
			})
		}
		wg.Wait()
		if !seen["ann.example20@haven.example"] || len(seen) != 20 {
			t.Errorf("%v", seen)
		}
	})
}

func TestAnAddressIsNeverSomebodyElses(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		alias := haven.MustAddress("Annie@haven.example")
		resolves := func(addr string, want haven.AccountNo) {
			t.Helper()
			a, err := h.Accounts.Resolve(ctx, haven.MustAddress(addr))
			if want == 0 && !errs.Is(err, errs.NotFound) || want != 0 && (err != nil || a.No != want) {
				t.Errorf("%s: %d, %v; want %d", addr, a.No, err, want)
			}
		}
		if err := h.Accounts.AddAlias(ctx, peopletest.Operator, ann.No, alias); err != nil {
			t.Fatal(err)
		}
		resolves("aNNie@haven.example", ann.No)
		if err := h.Accounts.AddAlias(ctx, peopletest.Operator, bob.No, alias); !errs.Is(err, errs.Conflict) {
			t.Errorf("a taken alias: %v", err)
		}
		if err := h.Accounts.EndAlias(ctx, peopletest.Operator, ann.No, alias); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(time.Second)
		resolves("annie@haven.example", 0)
		if err := h.Accounts.AddAlias(ctx, peopletest.Operator, bob.No, alias); !errs.Is(err, errs.Conflict) {
			t.Errorf("an alias that was somebody's: %v", err)
		}
		if err := h.Accounts.AddAlias(ctx, peopletest.Operator, ann.No, alias); err != nil {
			t.Errorf("her own again: %v", err)
		}
		if err := h.Accounts.Rename(ctx, peopletest.Operator, ann.No, "Ann Wed", haven.MustAddress("ann.wed@haven.example")); err != nil {
			t.Fatal(err)
		}
		resolves("ann.wed@haven.example", ann.No)
		resolves("ann.example@haven.example", ann.No)
		if a := h.Person("Ann", "Example"); a.Address.Local != "ann.example2" {
			t.Errorf("the old name's address went to %s", a.Address)
		}
		few, err1 := h.Accounts.Addresses(ctx, ann.No, false)
		all, err2 := h.Accounts.Addresses(ctx, ann.No, true)
		if err1 != nil || err2 != nil || len(few) != 2 || len(all) != 3 || few[0].Local != "ann.wed" {
			t.Errorf("%v, %v, %v, %v", few, all, err1, err2)
		}
		if err := h.Accounts.EndAlias(ctx, peopletest.Operator, ann.No, haven.MustAddress("ann.wed@haven.example")); !errs.Is(err, errs.NotFound) {
			t.Errorf("the primary address was ended: %v", err)
		}
		found, ok, err := h.Accounts.ResolveAll(ctx, []haven.Address{alias, haven.MustAddress("x@haven.example"), bob.Address})
		if err != nil || !ok[0] || ok[1] || !ok[2] || found[2].No != bob.No {
			t.Errorf("%v %v %v", found, ok, err)
		}
	})
}

func TestAnAccountComesWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		h.Rooms.Fault = errs.E(errs.Transient, "no room")
		_, err := h.Accounts.CreatePersonal(t.Context(), peopletest.Operator, account.NewPersonal{First: "Ann", Last: "Example"})
		if !errs.Is(err, errs.Transient) {
			t.Fatalf("%v", err)
		}
		if _, err := h.Accounts.Resolve(t.Context(), haven.MustAddress("ann.example@haven.example")); !errs.Is(err, errs.NotFound) {
			t.Errorf("half an account is there: %v", err)
		}
		h.Rooms.Fault = nil
		if a := h.Person("Ann", "Example"); a.Address.Local != "ann.example" || a.No < 2 {
			t.Errorf("%+v: a lost number was used again", a)
		}
	})
}

// TestASharedMailboxCanHaveNoCredential goes round the service, straight to the tables.
func TestASharedMailboxCanHaveNoCredential(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		shop := h.Pharmacy("FX002", ann)
		for _, sql := range []string{
			`INSERT INTO credential (no, kind, ver, hash, made, expires, must_change) VALUES ($1, 1, 1, 'x', 0, 0, 0)`,
			`INSERT INTO credential (no, kind, ver, hash, made, expires, must_change) VALUES ($1, 2, 1, 'x', 0, 0, 0)`,
			`INSERT INTO app_password (hash, no, kind, id, target, name, made, used) VALUES ('x', $1, 1, 1, $1, 'x', 0, 0)`,
			`INSERT INTO app_password (hash, no, kind, id, target, name, made, used) VALUES ('x', $1, 2, 1, $1, 'x', 0, 0)`,
			`INSERT INTO person (no, kind, first, last) VALUES ($1, 1, 'x', 'x')`,
			`UPDATE credential SET no = $1`,
		} {
			if err := h.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(sql, int64(shop.No)); return nil }); err == nil {
				t.Errorf("the database took %s", sql)
			}
		}
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(`UPDATE account SET kind = 2 WHERE no = $1`, int64(ann.No))
			return nil
		}); err == nil {
			t.Error("a person with a credential became a shared mailbox")
		}
		if err := h.Accounts.SetPassword(t.Context(), peopletest.Operator, shop.No, peopletest.Password, false); !errs.Is(err, errs.NotFound) {
			t.Errorf("SetPassword: %v", err)
		}
		if _, err := h.Accounts.NewAppPassword(t.Context(), peopletest.Operator, shop.No, shop.No, "x"); !errs.Is(err, errs.NotFound) {
			t.Errorf("NewAppPassword: %v", err)
		}
		for _, user := range []string{shop.Address.String(), "pharmacy.FX002@haven.example", shop.Address.String() + "/" + shop.Address.String()} {
			if _, err := h.Accounts.Authenticate(t.Context(), account.Login{User: user, Password: peopletest.Password}); !refused(err) {
				t.Errorf("%s: %v", user, err)
			}
		}
	})
}

func TestPasswordHistory(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Margaret", "Example")
		h.Pharmacy("FX002", ann)
		set := func(pw string) string {
			err := h.Accounts.SetPassword(t.Context(), peopletest.As(ann), ann.No, pw, false)
			var e *errs.Error
			if errors.As(err, &e) {
				return e.Rule
			}
			if err != nil {
				return err.Error()
			}
			return ""
		}
		for _, step := range []struct{ pw, rule string }{
			{peopletest.Password, "password.reused"},
			{"margaret kettle tramway", "password.name"},
			{"rowan pharmacy tramway", "password.mailbox"},
			{"second kettle tramway", ""},
			{"third kettle tramway", ""},
			{"fourth kettle tramway", ""},
			{peopletest.Password, "password.reused"}, // three changes ago
			{"fourth kettle tramway", "password.reused"},
			{"fifth kettle tramway", ""},
			{peopletest.Password, ""}, // four changes ago
		} {
			if got := set(step.pw); got != step.rule {
				t.Errorf("%q: %q, want %q", step.pw, got, step.rule)
			}
		}
	})
}

func TestEveryChangeIsAudited(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		if err := h.Accounts.SetPassword(t.Context(), peopletest.As(ann), ann.No, "second kettle tramway", false); err != nil {
			t.Fatal(err)
		}
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ann.No, account.Blocked, "block.safety"); err != nil {
			t.Fatal(err)
		}
		got, err := audit.About(t.Context(), h.DB, ann.ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		var what []string
		for _, r := range got {
			what = append(what, r.What)
			if strings.Contains(r.Note, "kettle") {
				t.Error("a password is in the audit log")
			}
		}
		for _, want := range []string{"account.created", "account.password-set", "account.blocked"} {
			if !strings.Contains(strings.Join(what, " "), want) {
				t.Errorf("%v lacks %s", what, want)
			}
		}
	})
}

func TestAccessChangesAreAnnounced(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		h.Announced.Take()
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ann.No, account.Blocked, "block.safety"); err != nil {
			t.Fatal(err)
		}
		if got := h.Announced.Take(); len(got) != 1 || got[0] != ann.No {
			t.Errorf("announced %v", got)
		}
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ann.No, 77, "x"); !errs.Is(err, errs.Invalid) {
			t.Errorf("a state that is none: %v", err)
		}
	}, func(*policy.Policy) {})
}

func refused(err error) bool {
	e := (*errs.Error)(nil)
	return errors.As(err, &e) && e.Rule == account.RuleRefused
}
