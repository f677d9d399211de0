package operator_test

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/operator"
	"haven/people/peopletest"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestOperators(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx, keys := t.Context(), h.Keyed()
		contacts, err := account.OpenContacts(ctx, h.DB, keys, h.Clock)
		if err != nil {
			t.Fatal(err)
		}
		s := operator.New(operator.Options{DB: h.DB, Clock: h.Clock})
		want := func(what string, err error, kind errs.Kind, rule string) {
			t.Helper()
			e, _ := err.(*errs.Error)
			if e == nil || e.Kind != kind || e.Rule != rule {
				t.Errorf("%s: %v, want %v by %s", what, err, kind, rule)
			}
		}
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", ben)
		if up, err := s.SetUp(ctx); up || err != nil {
			t.Errorf("set up with nobody: %v", err)
		}
		want("a stranger", s.Check(ctx, peopletest.As(aisha)), errs.NotFound, "operator.none")
		want("nobody at a page", s.Check(ctx, haven.Actor{Program: "portal"}), errs.NotFound, "operator.none")
		want("nobody at all", s.Check(ctx, haven.Actor{}), errs.NotFound, "operator.none")
		want("an unknown id", s.Check(ctx, haven.Actor{Person: haven.NewAccountID()}), errs.NotFound, "operator.none")
		_, err = s.Add(ctx, peopletest.Operator, box.No)
		want("a mailbox", err, errs.Denied, "operator.person")
		_, err = s.Add(ctx, peopletest.As(ben), ben.No)
		want("oneself", err, errs.NotFound, "operator.none")

		serves, err := s.Add(ctx, peopletest.Operator, aisha.No)
		if err != nil || serves.Rule != "operator.second-factor" {
			t.Fatalf("%+v, %v", serves, err)
		}
		if up, err := s.SetUp(ctx); !up || err != nil {
			t.Errorf("not set up: %v", err)
		}
		want("without a second factor", s.Check(ctx, peopletest.As(aisha)), errs.Denied, "operator.second-factor")
		h.SecondStep(aisha)
		want("without a mobile", s.Check(ctx, peopletest.As(aisha)), errs.Denied, "operator.mobile")
		sealed, err := contacts.Seal(ctx, aisha.No, account.Mobile, "+447700900123")
		if err != nil {
			t.Fatal(err)
		}
		err = h.DB.Write(ctx, func(tx *db.Tx) error {
			if err := contacts.PutIn(tx, peopletest.Operator, sealed); err != nil {
				return err
			}
			contacts.ProveIn(tx, aisha.No, account.Mobile)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(ctx, peopletest.As(aisha)); err != nil {
			t.Errorf("with all of it: %v", err)
		}
		_, err = s.Add(ctx, peopletest.As(aisha), aisha.No)
		want("twice", err, errs.Denied, "operator.already")
		want("the last", s.Remove(ctx, peopletest.As(aisha), aisha.No, false), errs.Denied, "operator.last")
		want("who is none", s.Remove(ctx, peopletest.Operator, ben.No, true), errs.NotFound, "")
		h.Clock.Advance(time.Second)
		if _, err := s.Add(ctx, peopletest.As(aisha), ben.No); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(time.Second)
		if err := s.Remove(ctx, peopletest.Operator, aisha.No, false); err != nil {
			t.Fatal(err)
		}
		want("afterwards", s.Check(ctx, peopletest.As(aisha)), errs.NotFound, "operator.none")
		list, err := s.List(ctx)
		if err != nil || len(list) != 1 || list[0].Person.No != ben.No || list[0].Serves.Rule != "operator.second-factor" {
			t.Errorf("%+v, %v", list, err)
		}
		h.Clock.Advance(time.Second)
		if err := s.Remove(ctx, peopletest.Operator, ben.No, true); err != nil {
			t.Error(err)
		}
		if up, err := operator.New(operator.Options{DB: h.DB, Clock: h.Clock}).SetUp(ctx); !up || err != nil {
			t.Errorf("a service whose last operator went is set up all the same: %t, %v", up, err)
		}
		about, err := audit.About(ctx, h.DB, ben.ID, 10)
		if err != nil || len(about) < 2 || about[0].What != "operator.removed" || about[1].What != "operator.added" || about[1].Actor.Person != aisha.ID {
			t.Errorf("%+v, %v", about, err)
		}
	})
}
