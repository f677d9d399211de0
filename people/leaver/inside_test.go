package leaver_test

import (
	"testing"

	"haven"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
)

// Those inside are the place's mailboxes, whoever reads them and whoever works there, by all their addresses; nobody else is.
func TestInside(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		works, reads, nobody := s.Person("Cora", "Lind"), s.Person("Ed", "Hall"), haven.MustAddress("nobody@"+peopletest.Domain)
		s.Post(s.here, works, "dispenser")
		must(t, s.Shared.AddMember(t.Context(), peopletest.Operator, s.box.No, sharedmailbox.Grant{Person: reads.No, Rights: haven.Read}))
		alias := haven.MustAddress("rx.here@" + peopletest.Domain)
		must(t, s.Accounts.AddAlias(t.Context(), peopletest.Operator, s.box.No, alias))
		want := map[haven.Address]bool{s.aisha.Address: true, s.ben.Address: true, works.Address: true, reads.Address: true, s.box.Address: true, alias: true,
			s.dev.Address: false, s.other.Address: false, nobody: false, haven.MustAddress("gp@surgery.example"): false}
		var all []haven.Address
		for a := range want {
			all = append(all, a)
		}
		in, err := s.leavers.Inside(t.Context(), s.box.No, all)
		must(t, err)
		for a, want := range want {
			if in[a.Key()] != want {
				t.Errorf("%s: %t", a, in[a.Key()])
			}
		}
	})
}
