package written_test

import (
	"strings"
	"testing"

	"haven/e2e/stage"
)

func TestALetterIsWritten(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ward := s.Person("Aisha", "Rahman"), s.Person("Liam", "Fenwick")
		shop := s.Pharmacy(code, aisha)
		ask := stage.Letter("ward@hospital.test", shop, "Medicines of Mr Birch", code+"@ward", "Which medicines does he have?")
		ask = strings.Replace(ask, "Subject:", "Reply-To: "+ward.Address+"\r\nSubject:", 1)
		s.Receive("ward@hospital.test", ask, shop)
		runs = append(runs, map[string]any{"aisha": aisha, "ward": ward, "shop": shop})
	}
	s.Browse(t, "a-letter-is-written", map[string]any{"runs": runs})
}
