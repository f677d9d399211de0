package jobs_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestTheCommonestJobs(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha := s.Person("Aisha", "Rahman")
		shop := s.Pharmacy(code, aisha)
		for _, subject := range []string{"Holiday hours", "Referral of Mr Birch", "Dosette boxes"} {
			s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", shop, subject, subject+code, "Please see to "+subject+", NHS number 943 476 5919."), shop)
		}
		runs = append(runs, map[string]any{"aisha": aisha, "shop": shop})
	}
	s.Browse(t, "the-commonest-jobs", map[string]any{"runs": runs})
}
