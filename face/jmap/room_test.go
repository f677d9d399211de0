package jmap

import (
	"strings"
	"testing"
)

// What one call gives is held as it is sent, and whoever reads much for each object ends where there is no room for more.
func TestAnswersHoldNoMoreThanIsSent(t *testing.T) {
	t.Parallel()
	d := dryCalls(t)
	d.srv.o.Policy.AnswerOctets = 10_000
	c, n := d.call(t, "Email/get", `{}`), 0
	_, err := c.read(many(100), wanting([]string{"name"}), func(ids []string, add func(string, any)) error {
		for _, id := range ids {
			n++
			add(id, record{"name": strings.Repeat("x", 1000), "other": 1})
			if err := c.room().err; err != nil {
				return err
			}
		}
		return nil
	})
	if n != 10 || err == nil || asMethodError(err).Type != "requestTooLarge" {
		t.Errorf("%d were read, %v", n, err)
	}
}

// All that one person waits for has the room of one request. Nobody else is held up, and what is sent makes room again.
func TestAnswersOfOnePerson(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t, func(o *Options) { o.Policy.AnswerOctets = 100_000 })
	p, other := m.mail(t, anna, pharmacy), m.mail(t, ben, pharmacy)
	id := p.deliver("Subject: long\r\n\r\n" + strings.Repeat("a long text ", 2500))[0]
	get := func(p *mailer) string {
		_, e := p.try("Email/get", args{"ids": []string{id}, "properties": []string{"bodyValues"}, "fetchAllBodyValues": true})
		return e
	}
	one, ok := m.srv.busy.take(m.people.no[anna])
	if !ok || !one.hold(40_000) || !one.hold(30_000) || one.hold(100_001) || !one.hold(80_000) {
		t.Fatal("80,000 octets have no room, or 100,001 have")
	}
	if e := get(p); e != "serverUnavailable" {
		t.Errorf("beside another answer: %q", e)
	}
	if e := get(other); e != "" {
		t.Errorf("of a colleague: %q", e)
	}
	one.done()
	one.done()
	if e := get(p); e != "" {
		t.Errorf("after it: %q", e)
	}
}

func TestRFC8621_4_2_LettersBeyondTheAnswer(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t, func(o *Options) { o.Policy.AnswerOctets = 100_000 })
	p := m.mail(t, anna, pharmacy)
	var ids []string
	for range 6 {
		ids = append(ids, p.deliver("Subject: long\r\n\r\n"+strings.Repeat("a long text ", 2500))...)
	}
	get := func(ids []string) string {
		_, e := p.try("Email/get", args{"ids": ids, "properties": []string{"bodyValues"}, "fetchAllBodyValues": true})
		return e
	}
	if e := get(ids[:3]); e != "" {
		t.Errorf("three: %s", e)
	}
	if e := get(ids); e != "requestTooLarge" {
		t.Errorf("six: %q", e)
	}
	parse := func(ids []string) string {
		_, e := p.try("Email/parse", args{"blobIds": ids, "properties": []string{"bodyValues"}, "fetchAllBodyValues": true})
		return e
	}
	if e := parse([]string{ids[0], ids[0], ids[0], ids[0], ids[1]}); e != "" {
		t.Errorf("two, the first again and again: %s", e)
	}
	if e := parse(ids); e != "requestTooLarge" {
		t.Errorf("six, parsed: %q", e)
	}
}

func TestRFC8620_5_1_MostProperties(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, pharmacy)
	id := p.deliver(referral)[0]
	var names []string
	for _, x := range many(101) {
		names = append(names, "header:"+x)
	}
	for call, a := range map[string]args{
		"Email/get":   {"ids": []string{id}, "properties": names},
		"Email/parse": {"blobIds": []string{id}, "properties": names},
		"Thread/get":  {"properties": names},
	} {
		if _, e := p.try(call, a); e != "invalidArguments" {
			t.Errorf("%s: %q", call, e)
		}
	}
	if _, e := p.try("Email/get", args{"ids": []string{id}, "bodyProperties": names}); e != "invalidArguments" {
		t.Errorf("of parts: %q", e)
	}
	if got := p.email(id, names[:100]...); len(got) != 101 {
		t.Errorf("%d properties", len(got))
	}
}
