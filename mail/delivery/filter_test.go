package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/outbox"
	"haven/mail/sieve"
	"haven/mail/vacation"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// filtering is a place whose mailboxes have scripts, and replies.
type filtering struct {
	*deliverytest.Place
	t       *testing.T
	scripts *sieve.Service
	replies *vacation.Service
}

// OwnIn is sieve.Owners' and vacation.Owners'.
func (*filtering) OwnIn(*db.Tx, haven.Actor, haven.AccountNo, bool) error { return nil }

// Answering is vacation.Accounts'.
func (f *filtering) Answering(_ context.Context, no haven.AccountNo) (vacation.Account, error) {
	name := map[haven.AccountNo]string{f.Alice: "alice", f.Ben: "ben", f.Shop: "shop"}[no]
	if name == "" {
		return vacation.Account{}, errs.E(errs.Denied, "")
	}
	return vacation.Account{No: no, Address: haven.MustAddress(name + "@pharmacy.test"), Name: name}, nil
}

func eachFiltering(t *testing.T, fn func(t *testing.T, f *filtering)) {
	t.Helper()
	bothEngines(t, func(t *testing.T, engine string) {
		f := &filtering{t: t}
		f.Place = deliverytest.NewAt(t, engine, "pharmacy.test", func(p *deliverytest.Place, o *delivery.Options) {
			pol, err := policy.Profile("")
			must(t, err)
			must(t, p.Store.DB.Migrate(t.Context(), sieve.Schema, vacation.Schema))
			sealer, err := p.Store.Keys.Sealer(t.Context(), "vacation.seal")
			must(t, err)
			f.scripts = sieve.New(sieve.Options{DB: p.Store.DB, Access: p.Store.Grants, Owners: f, Keys: p.Store.Keys, Policy: pol.Sieve, Clock: p.Store.Clock})
			f.replies = vacation.New(vacation.Options{DB: p.Store.DB, Access: p.Store.Grants, Owners: f, Accounts: f, Keys: p.Store.Keys, Sealer: sealer, Policy: pol.Vacation, Clock: p.Store.Clock})
			o.Filters, o.Replies = f.scripts, f.replies
			o.Sieve.RedirectTo = []string{"trust.test"}
			p.Zone.TXT = map[string][]string{"surgery.test": {"v=spf1 ip4:192.0.2.7 -all"}}
		})
		fn(t, f)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// script gives an account an active script; "" takes it away.
func (f *filtering) script(no haven.AccountNo, text string) {
	f.t.Helper()
	v, actor := sieve.Viewer{Person: no, Account: no, ID: deliverytest.ID(no)}, haven.Actor{Person: deliverytest.ID(no)}
	if text == "" {
		must(f.t, f.scripts.SetActive(f.t.Context(), actor, v, sieve.Ref{}))
		return
	}
	_, err := f.scripts.Put(f.t.Context(), actor, v, sieve.ByName("main"), text)
	must(f.t, err)
	must(f.t, f.scripts.SetActive(f.t.Context(), actor, v, sieve.ByName("main")))
}

// holds is how many letters lie in each of an account's folders that has any.
func (f *filtering) holds(no haven.AccountNo) string {
	f.t.Helper()
	all, err := f.Store.Folders(f.t.Context(), mailboxtest.Own(no))
	must(f.t, err)
	var out []string
	for _, folder := range all {
		if folder.Total > 0 {
			out = append(out, fmt.Sprintf("%s %d", strings.Join(folder.Path, "/"), folder.Total))
		}
	}
	return strings.Join(out, ", ")
}

func (f *filtering) want(no haven.AccountNo, want string) {
	f.t.Helper()
	if got := f.holds(no); got != want {
		f.t.Errorf("holds %q, want %q", got, want)
	}
}

func (f *filtering) receive(to ...string) {
	f.t.Helper()
	must(f.t, receive(f.t, f.Place, "bob@surgery.test", plain, to...))
}

func (f *filtering) submit(who haven.AccountNo, text string, to ...string) error {
	f.t.Helper()
	s := f.Submitter(who)
	sub, err := f.BeginSubmission(f.t.Context(), delivery.Client{Hello: "pc"}, s, delivery.Envelope{From: s.Address})
	must(f.t, err)
	for _, a := range to {
		must(f.t, sub.Rcpt(f.t.Context(), haven.MustAddress(a), 0, ""))
	}
	l, err := sub.Open(f.t.Context())
	must(f.t, err)
	return write(f.t, l, "From: "+s.Address.String()+"\r\n"+text)
}

// A script decides where its mailbox's letters lie, with which flags; nobody else's letters are touched.
func TestFilterFiles(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		f.script(f.Alice, `require ["fileinto", "imap4flags", "mailbox", "copy"];
			if header :contains "subject" "repeat" { fileinto :create :flags ["\\Seen", "repeat"] "Clinic/Repeats"; fileinto :copy :create "All"; keep; }`)
		f.receive("alice@pharmacy.test", "ben@pharmacy.test")
		f.want(f.Alice, "INBOX 1, All 1, Clinic/Repeats 1")
		f.want(f.Ben, "INBOX 1")
		v := mailboxtest.Own(f.Alice)
		clinic, err := f.Store.FolderAt(t.Context(), v, []string{"Clinic", "Repeats"})
		must(t, err)
		if clinic.Unseen != 0 {
			t.Errorf("%+v", clinic)
		}
		must(t, f.submit(f.Ben, "To: alice@pharmacy.test\r\nSubject: Other\r\n\r\nHello\r\n", "alice@pharmacy.test"))
		f.want(f.Alice, "INBOX 2, All 1, Clinic/Repeats 1")
		f.script(f.Alice, `discard;`)
		f.receive("alice@pharmacy.test")
		f.receive("alice@pharmacy.test", "shop@pharmacy.test")
		f.want(f.Alice, "INBOX 2, All 1, Clinic/Repeats 1")
		f.want(f.Shop, "INBOX 1")
		f.script(f.Alice, "")
		f.receive("alice@pharmacy.test")
		f.want(f.Alice, "INBOX 3, All 1, Clinic/Repeats 1")
	})
}

// Junk is kept in Junk, unless a script says otherwise; what it sees is what will be filed.
// coming keeps what work is told of.
type coming []mailbox.Coming

func (c *coming) Came(_ *mailbox.Change, m mailbox.Coming) error {
	*c = append(*c, m)
	return nil
}

// What a filter says a letter is goes into the commit that files it.
func TestFilterSaysWhatItIs(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		var told coming
		f.Store.SetWork(&told)
		f.script(f.Shop, "require [\"vnd.haven.work\", \"fileinto\"];\ncategory :within 259200 \"discharge-referral\"; fileinto \"Archive\";")
		f.receive("shop@pharmacy.test", "alice@pharmacy.test")
		if len(told) != 1 || told[0].Duty == nil || *told[0].Duty != (mailbox.Duty{Category: "discharge-referral", Within: 72 * time.Hour}) || told[0].Msg != told[0].Thread {
			t.Errorf("%+v", told)
		}
		f.want(f.Shop, "Archive 1")
	})
}

func TestFilterSeesWhatIsFiled(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		forged := strings.ReplaceAll(plain, "bob@surgery.test", "ben@pharmacy.test")
		must(t, receive(t, f.Place, "bob@surgery.test", forged, "alice@pharmacy.test"))
		f.want(f.Alice, "Junk 1")
		f.script(f.Alice, `keep;`)
		must(t, receive(t, f.Place, "bob@surgery.test", forged, "alice@pharmacy.test"))
		f.want(f.Alice, "Junk 2")
		f.script(f.Alice, `require ["spamtest", "relational", "comparator-i;ascii-numeric", "fileinto", "envelope", "body"];
			if allof (spamtest :value "ge" :comparator "i;ascii-numeric" "9", exists "Haven-Verdict", header :contains "Delivered-To" "alice@", envelope "from" "bob@surgery.test",
			  body :contains "hello") { fileinto "Archive"; }`)
		must(t, receive(t, f.Place, "bob@surgery.test", forged, "alice@pharmacy.test"))
		f.want(f.Alice, "Archive 1, Junk 2")
		for _, action := range []string{`redirect "ben@pharmacy.test";`, `redirect "x@trust.test";`, `require "vacation"; vacation "Away.";`} {
			f.script(f.Alice, action)
			must(t, receive(t, f.Place, "bob@surgery.test", forged, "alice@pharmacy.test"))
		}
		must(t, f.replies.Step(t.Context(), f.Place))
		must(t, f.Expand(t.Context()))
		f.want(f.Alice, "Archive 1, Junk 5")
		f.want(f.Ben, "")
		if q := f.Queue(); len(q) != 0 {
			t.Errorf("junk was sent on: %+v", q)
		}
	})
}

// An edited header is in what is filed and in what is sent on after it, and the letter's text stays.
func TestFilterEdits(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		f.script(f.Alice, `require ["editheader", "fileinto"]; fileinto "Archive"; addheader "X-Sorted" "yes"; deleteheader "Subject"; keep; redirect "ben@pharmacy.test";`)
		f.receive("alice@pharmacy.test")
		must(t, f.Expand(t.Context()))
		if got := f.Only(f.Alice, mailbox.Archive); !strings.Contains(got, "Subject: Repeat") || strings.Contains(got, "X-Sorted") {
			t.Errorf("before the edit: %q", got)
		}
		for _, got := range []string{f.Only(f.Alice, mailbox.Inbox), f.Only(f.Ben, mailbox.Inbox)} {
			if !strings.HasPrefix(got, "Return-Path: <bob@surgery.test>\r\nDelivered-To: ") || !strings.Contains(got, "\r\nX-Sorted: yes\r\nFrom: Bob") || strings.Contains(got, "Subject:") || !strings.HasSuffix(got, "\r\n\r\nHello.\r\n") {
				t.Errorf("after the edit: %q", got)
			}
		}
	})
}

// A letter is sent on within the service, to where that script decides, and to domains that the policy names over verified TLS; to nobody else, and never in circles.
func TestFilterRedirects(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		f.script(f.Alice, `require "copy"; redirect :copy "store@pharmacy.test"; redirect :copy "x@trust.test"; redirect "x@elsewhere.test";`)
		f.script(f.Shop, `require "fileinto"; fileinto "Archive";`)
		f.receive("alice@pharmacy.test")
		must(t, f.Expand(t.Context()))
		f.want(f.Shop, "Archive 1")
		got := f.Only(f.Shop, mailbox.Archive)
		if !strings.HasPrefix(got, "Return-Path: <bob@surgery.test>\r\nDelivered-To: store@pharmacy.test\r\n") || !strings.Contains(got, "\r\nHaven-Redirected: alice@pharmacy.test\r\n") {
			t.Errorf("sent on: %q", got)
		}
		q := f.Queue()
		if len(q) != 1 || q[0].From.String() != "bob@surgery.test" || q[0].To[0].Address.String() != "x@trust.test" || !q[0].Secure || q[0].SignAs != "pharmacy.test" || !strings.Contains(string(q[0].Trace), "Haven-Redirected: alice@") {
			t.Fatalf("queued %+v", q)
		}
		f.want(f.Alice, "INBOX 2") // kept, and told
		f.told(f.Alice, 1, "no other domain")

		f.script(f.Alice, `redirect "ben@pharmacy.test";`)
		f.script(f.Ben, `redirect "alice@pharmacy.test";`)
		f.Store.Clock.Advance(25 * time.Hour)
		f.receive("alice@pharmacy.test")
		must(t, f.Expand(t.Context()))
		f.want(f.Ben, "")
		f.want(f.Alice, "INBOX 4")
		f.told(f.Alice, 2, "circles")

		f.script(f.Alice, `redirect "alice@pharmacy.test";`)
		f.receive("alice@pharmacy.test")
		f.script(f.Alice, `redirect "nobody@pharmacy.test";`)
		f.receive("alice@pharmacy.test")
		f.script(f.Alice, `redirect "ben@pharmacy.test";`)
		f.script(f.Ben, "")
		f.receive("alice@pharmacy.test", "ben@pharmacy.test") // Ben has it already
		must(t, f.Expand(t.Context()))
		f.want(f.Alice, "INBOX 6")
		f.want(f.Ben, "INBOX 1")
	})
}

func TestMayRedirect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		junk              bool
		hops              int
		circle            bool
		ours, named, want bool
		tells             bool
	}{
		{"to a colleague", false, 0, false, true, false, true, false},
		{"to a domain that the policy names", false, 0, false, false, true, true, false},
		{"the last hop", false, 2, false, true, false, true, false},
		{"to anybody", false, 0, false, false, false, false, true},
		{"too many hops", false, 3, false, true, false, false, true},
		{"it came back", false, 1, true, true, true, false, true},
		{"junk, of which there is a lot", true, 0, false, true, true, false, false},
	} {
		if v := delivery.MayRedirect(c.junk, c.hops, 3, c.circle, c.ours, c.named); v.Allowed != c.want || (v.Reason != "") != c.tells || v.Rule == "" {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

// told holds how often an owner was told of faults, and that the last of it says why.
func (f *filtering) told(no haven.AccountNo, times int, why string) {
	f.t.Helper()
	var all []string
	for _, l := range f.Letters(no, mailbox.Inbox) {
		if strings.Contains(l, "Subject: A filter of your mailbox could not be followed") {
			all = append(all, l)
		}
	}
	if len(all) != times || !strings.Contains(strings.ReplaceAll(all[len(all)-1], "=\r\n", ""), why) {
		f.t.Errorf("told %d times, want %d with %q: %q", len(all), times, why, all)
	}
}

// A script that fails loses no letter, and its owner is told once a day.
func TestFilterFails(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		f.script(f.Alice, "require \"fileinto\";\nfileinto \"Gone\";")
		f.receive("alice@pharmacy.test")
		f.want(f.Alice, "INBOX 2")
		f.told(f.Alice, 1, `line 2: There is no folder "Gone".`)
		f.receive("alice@pharmacy.test")
		f.script(f.Alice, "require \"include\";\ninclude \"none\";")
		f.receive("alice@pharmacy.test")
		f.want(f.Alice, "INBOX 4")
		f.told(f.Alice, 1, "Gone")
		f.Store.Clock.Advance(25 * time.Hour)
		f.receive("alice@pharmacy.test")
		f.told(f.Alice, 2, `line 2: There is no script "none" to include.`)
		f.script(f.Alice, "require [\"fileinto\", \"mailbox\"];\nfileinto :create \"a//b\"; fileinto \"Archive\";")
		f.receive("alice@pharmacy.test")
		f.want(f.Alice, "INBOX 7, Archive 1")
	})
}

// The one recipient's refusal is told to the client; one of several is told to the sender, where that is surely who wrote, and else the letter is kept.
func TestFilterRejects(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		f.script(f.Alice, `require "reject"; reject "We moved. Write to store@pharmacy.test.";`)
		err := receive(t, f.Place, "bob@surgery.test", plain, "alice@pharmacy.test")
		wantRule(t, err, delivery.RuleReject, 550, "5.7.1")
		if say := errs.Say(err); say != "We moved. Write to store@pharmacy.test." {
			t.Errorf("says %q", say)
		}
		wantRule(t, f.submit(f.Ben, "To: alice@pharmacy.test\r\nSubject: x\r\n\r\nHello\r\n", "alice@pharmacy.test"), delivery.RuleReject, 550, "5.7.1")
		f.want(f.Ben, "")
		f.receive("alice@pharmacy.test", "shop@pharmacy.test")
		f.want(f.Alice, "")
		f.want(f.Shop, "INBOX 1")
		q := f.Queue()
		if len(q) != 1 || !q[0].From.IsNull() || q[0].To[0].Address.String() != "bob@surgery.test" {
			t.Fatalf("queued %+v", q)
		}
		must(t, receive(t, f.Place, "bob@unproven.test", plain, "alice@pharmacy.test", "shop@pharmacy.test"))
		must(t, receive(t, f.Place, "bob@surgery.test", "Auto-Submitted: auto-replied\r\n"+plain, "alice@pharmacy.test", "shop@pharmacy.test"))
		must(t, receive(t, f.Place, "", plain, "alice@pharmacy.test", "shop@pharmacy.test"))
		f.want(f.Alice, "INBOX 3")
		if q := f.Queue(); len(q) != 1 {
			t.Errorf("queued %+v", q)
		}
		must(t, f.submit(f.Ben, "To: alice@pharmacy.test\r\nSubject: x\r\n\r\nHello\r\n", "alice@pharmacy.test", "shop@pharmacy.test"))
		f.want(f.Ben, "INBOX 1, Sent 1")
		if got := f.Only(f.Ben, mailbox.Inbox); !strings.Contains(got, "5.7.1") || !strings.Contains(got, "We moved.") {
			t.Errorf("the bounce is %q", got)
		}
		f.script(f.Alice, `require "ereject"; ereject "Grüße";`)
		if say := errs.Say(receive(t, f.Place, "bob@surgery.test", plain, "alice@pharmacy.test")); say != "The recipient does not take this letter." {
			t.Errorf("says %q", say)
		}
	})
}

// A script's vacation answers through the same rules and memory as the reply of the page, which comes first while it stands. What is thrown away is not answered.
func TestFilterAnswers(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		answers := func(want int) []outbox.Item {
			t.Helper()
			must(t, f.replies.Step(t.Context(), f.Place))
			q := f.Queue()
			if len(q) != want {
				t.Errorf("%d answers, want %d", len(q), want)
			}
			return q
		}
		f.script(f.Alice, `require "vacation"; vacation :days 3 :subject "Away" :addresses "a.smith@pharmacy.test" "Back on Monday.";`)
		f.receive("alice@pharmacy.test")
		f.receive("alice@pharmacy.test")
		if q := answers(1); !q[0].From.IsNull() || q[0].To[0].Address.String() != "bob@surgery.test" {
			t.Errorf("%+v", q[0])
		}
		f.want(f.Alice, "INBOX 2")
		f.Store.Clock.Advance(4 * 24 * time.Hour)
		f.receive("alice@pharmacy.test")
		answers(2)
		must(t, receive(t, f.Place, "carol@surgery.test", strings.Replace(plain, "To: alice@", "To: a.smith@", 1), "alice@pharmacy.test"))
		answers(3)
		must(t, receive(t, f.Place, "dave@surgery.test", strings.Replace(plain, "To: alice@", "To: other@", 1), "alice@pharmacy.test"))
		must(t, receive(t, f.Place, "dave@unproven.test", plain, "alice@pharmacy.test"))
		must(t, receive(t, f.Place, "dave@surgery.test", "List-Id: <x.surgery.test>\r\n"+plain, "alice@pharmacy.test"))
		answers(3)

		own := vacation.Whose{Person: f.Alice, Account: f.Alice, ID: deliverytest.ID(f.Alice)}
		must(t, f.replies.Set(t.Context(), haven.Actor{}, own, vacation.Reply{On: true, Inside: "The page.", Outside: "The page."}))
		must(t, receive(t, f.Place, "erin@surgery.test", plain, "alice@pharmacy.test"))
		answers(4) // one alone
		must(t, f.submit(f.Ben, "To: alice@pharmacy.test\r\nSubject: x\r\n\r\nHello\r\n", "alice@pharmacy.test"))
		answers(4)
		if got := f.Only(f.Ben, mailbox.Inbox); !strings.Contains(got, "The page.") || strings.Contains(got, "Monday") {
			t.Errorf("answered %q", got)
		}
		f.script(f.Alice, `discard;`)
		must(t, receive(t, f.Place, "fred@surgery.test", plain, "alice@pharmacy.test"))
		answers(4)
		must(t, f.replies.Set(t.Context(), haven.Actor{}, own, vacation.Reply{}))
		f.script(f.Alice, "require [\"vacation\", \"vacation-seconds\"]; vacation :mime :seconds 60 text:\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Back <b>soon</b>.</p>\r\n.\r\n;")
		must(t, f.submit(f.Ben, "To: alice@pharmacy.test\r\nSubject: x\r\n\r\nHello\r\n", "alice@pharmacy.test"))
		answers(4)
		if all := f.Letters(f.Ben, mailbox.Inbox); len(all) != 2 || !strings.Contains(all[1], "Back soon.") || strings.Contains(all[1], "<b>") {
			t.Errorf("answered %q", all)
		}
		f.Store.Clock.Advance(30 * time.Minute) // the policy has an hour at least
		must(t, f.submit(f.Ben, "To: alice@pharmacy.test\r\nSubject: x\r\n\r\nHello\r\n", "alice@pharmacy.test"))
		must(t, f.replies.Step(t.Context(), f.Place))
		f.want(f.Ben, "INBOX 2, Sent 3")
	})
}

// The duplicate test remembers what was filed.
func TestFilterSeesAgain(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		f.script(f.Alice, `require ["duplicate", "fileinto", "mailboxid", "mailbox"]; if duplicate { fileinto "Trash"; }`)
		f.receive("alice@pharmacy.test")
		f.receive("alice@pharmacy.test")
		f.want(f.Alice, "INBOX 1, Trash 1")
		id := mailbox.MailboxID(deliverytest.ID(f.Alice), 5)
		f.script(f.Alice, `require ["mailboxid", "fileinto"]; if mailboxidexists "`+id+`" { fileinto :mailboxid "`+id+`" "None"; }`)
		f.receive("alice@pharmacy.test")
		f.want(f.Alice, "INBOX 1, Trash 1, Archive 1")
	})
}

// More placements than a commit takes are filed in several, each letter once.
func TestFilterCrowds(t *testing.T) {
	t.Parallel()
	eachFiltering(t, func(t *testing.T, f *filtering) {
		script := `require ["fileinto", "imap4flags", "mailbox", "copy"];`
		for i := range 20 {
			script += fmt.Sprintf(`fileinto :create :flags "k%d" "F%d";`, i, i)
		}
		var to []string
		var boxes []haven.AccountNo
		for i := range 7 {
			boxes, to = append(boxes, f.Box(fmt.Sprintf("crowd%d", i))), append(to, fmt.Sprintf("crowd%d@pharmacy.test", i))
			f.script(boxes[i], script)
		}
		f.receive(to...)
		must(t, f.Expand(t.Context()))
		for _, no := range boxes {
			if got := f.holds(no); strings.Count(got, " 1") < 20 || strings.Contains(got, " 2,") || strings.Contains(got, "INBOX") {
				t.Errorf("holds %q", got)
			}
		}
		must(t, f.submit(f.Ben, "To: all\r\nSubject: x\r\n\r\nHello\r\n", to...))
		must(t, f.Expand(t.Context()))
		for _, no := range boxes {
			if got := f.holds(no); strings.Count(got, " 2") < 20 {
				t.Errorf("holds %q", got)
			}
		}
		f.want(f.Ben, "Sent 1")
	})
}
