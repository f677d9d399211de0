package smtp

import (
	"testing"

	"haven/platform/policy"
)

func TestLimitsOf(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile(policy.Default)
	if err != nil {
		t.Fatal(err)
	}
	in, out := LimitsOf(p, false).withDefaults(), LimitsOf(p, true).withDefaults()
	if in.MessageSize != p.Sending.MessageOctets || in.Recipients != p.Sending.RecipientsIn || out.Recipients != p.Sending.Recipients || in.Letters == none {
		t.Errorf("the default policy gives %+v and %+v", in, out)
	}
	if p, err = policy.Profile("bench"); err != nil {
		t.Fatal(err)
	}
	if l := LimitsOf(p, false).withDefaults(); p.Connection.PerPlace == 0 && (l.PerPlace != none || l.Letters != none) {
		t.Errorf("the policy for measuring gives %+v", l)
	}
	if w := TimeoutsOf(p).withDefaults(); w.Command != p.Connection.CommandTimeout || w.Text != p.Connection.DataTimeout {
		t.Errorf("waits are %+v", w)
	}
}

func TestCounters(t *testing.T) {
	t.Parallel()
	s := &Server{}
	c := call(t, serve(t, s, &post{}))
	c.play(`
		< 220
		> EHLO client.test
		< 250
		> FROB
		< 500
		> MAIL FROM:<>
		< 250
		> RCPT TO:<nobody@pharmacy.test>
		< 550
		> RCPT TO:<a@pharmacy.test>
		< 250
		> DATA
		< 354
		> x
		> .
		< 250`)
	n := &s.Counters
	got := [...]int64{n.Open.Load(), n.Accepted.Load(), n.Commands.Load(), n.Errors.Load(), n.Letters.Load(), n.Recipients.Load(), n.RecipientsWrong.Load(), n.Octets.Load()}
	if want := [...]int64{1, 1, 6, 1, 1, 1, 1, 3}; got != want {
		t.Errorf("counted %v, wanted %v", got, want)
	}
}
