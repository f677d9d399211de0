package vacation

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mime"
)

const header = "From: Bob <bob@surgery.test>\r\nTo: Aisha <aisha@pharmacy.test>\r\nSubject: Repeat\r\n"

func TestMayAnswer(t *testing.T) {
	t.Parallel()
	bob := haven.MustAddress("bob@surgery.test")
	for _, c := range []struct {
		name string
		l    Letter
		rule haven.Rule
		ok   bool
	}{
		{"a colleague", Letter{From: bob, Header: header, Inside: true}, "vacation.answer", true},
		{"somebody proven", Letter{From: bob, Header: header, Proven: true}, "vacation.answer", true},
		{"who may be forged", Letter{From: bob, Header: header}, "vacation.unproven", false},
		{"nobody", Letter{Header: header, Inside: true}, "vacation.null-sender", false},
		{"junk", Letter{From: bob, Header: header, Proven: true, Junk: true}, "vacation.junk", false},
		{"another automatic reply", Letter{From: bob, Header: header + "Auto-Submitted: auto-replied\r\n", Inside: true}, "vacation.automatic", false},
		{"a program, with a remark", Letter{From: bob, Header: header + "Auto-Submitted: auto-generated; type=report\r\n", Inside: true}, "vacation.automatic", false},
		{"a person who says so", Letter{From: bob, Header: header + "Auto-Submitted: No (typed)\r\n", Inside: true}, "vacation.answer", true},
		{"says both", Letter{From: bob, Header: header + "Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n", Inside: true}, "vacation.automatic", false},
		{"bulk", Letter{From: bob, Header: header + "Precedence: Bulk\r\n", Inside: true}, "vacation.automatic", false},
		{"first class", Letter{From: bob, Header: header + "Precedence: first-class\r\n", Inside: true}, "vacation.answer", true},
		{"a list", Letter{From: bob, Header: header + "List-Id: <news.surgery.test>\r\n", Inside: true}, "vacation.list", false},
		{"a list that one can leave", Letter{From: bob, Header: header + "list-unsubscribe: <https://surgery.test/>\r\n", Inside: true}, "vacation.list", false},
		{"asks for no reply", Letter{From: bob, Header: header + "X-Auto-Response-Suppress: All\r\n", Inside: true}, "vacation.automatic", false},
	} {
		if v := MayAnswer(c.l); v.Allowed != c.ok || v.Rule != c.rule {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
	for local, robot := range map[string]bool{"MAILER-DAEMON": true, "no-reply": true, "NoReply": true, "do_not.reply": true, "owner-news": true, "news-request": true,
		"news-bounces": true, "postmaster": true, "listserv": true, "bob": false, "nora.reply": false, "request.desk": false} {
		if isRobot(haven.Address{Local: local, Domain: "surgery.test"}) != robot {
			t.Errorf("%s: robot is not %t", local, robot)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	to := To{As: haven.MustAddress("store@pharmacy.test"), Main: haven.MustAddress("shop@pharmacy.test")}
	for text, want := range map[string]bool{
		"To: shop@pharmacy.test\r\n":                                    true,
		"To: x@y.test\r\nCc: A <a@b.test>, S <STORE@Pharmacy.test>\r\n": true,
		"Resent-To: shop@pharmacy.test\r\n":                             true,
		"To: undisclosed-recipients:;\r\n":                              false,
		"To: shop@pharmacy.test.evil.test\r\n":                          false,
		"To: \"shop@pharmacy.test\" <list@surgery.test>\r\n":            false,
		"Subject: shop@pharmacy.test\r\n":                               false,
		"":                                                              false,
	} {
		if Names(mime.Header(text), to) != want {
			t.Errorf("%q names the mailbox: not %t", text, want)
		}
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	on := func(change func(*Reply)) Reply {
		r := Reply{On: true, Inside: "Back on Monday."}
		change(&r)
		return r
	}
	for _, c := range []struct {
		name   string
		r      Reply
		rule   haven.Rule
		stands bool
	}{
		{"for ever", on(func(*Reply) {}), "vacation.reply", true},
		{"off, whatever it says", Reply{Inside: strings.Repeat("x", 10_000)}, "vacation.reply", false},
		{"says nothing", on(func(r *Reply) { r.Inside = " \n" }), "vacation.text", true},
		{"says too much", on(func(r *Reply) { r.Outside = strings.Repeat("ü", textRunes+1) }), "vacation.long", true},
		{"next week", on(func(r *Reply) { r.From, r.Until = now.AddDate(0, 0, 7), now.AddDate(0, 0, 14) }), "vacation.reply", false},
		{"from now", on(func(r *Reply) { r.From = now }), "vacation.reply", true},
		{"until now", on(func(r *Reply) { r.Until = now }), "vacation.dates", false},
		{"the wrong way round", on(func(r *Reply) { r.From, r.Until = now.AddDate(0, 0, 2), now.AddDate(0, 0, 1) }), "vacation.dates", false},
	} {
		if v := c.r.MayBe(now); v.Rule != c.rule || v.Allowed != (c.rule == "vacation.reply") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
		if c.r.Stands(now) != c.stands {
			t.Errorf("%s: stands is not %t", c.name, c.stands)
		}
	}
	for of, want := range map[string]string{"": "Automatic reply", " Repeat ": "Automatic reply: Repeat", strings.Repeat("ü", 300): "Automatic reply: " + strings.Repeat("ü", subjectRunes)} {
		if got := (Reply{}).subject(of); got != want {
			t.Errorf("the subject is %q, want %q", got, want)
		}
	}
}
