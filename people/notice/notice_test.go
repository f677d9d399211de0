package notice_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/notice"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func numbers(t *testing.T) policy.Operator {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p.Operator
}

func TestMayPost(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	good := notice.Draft{Kind: notice.Problem, Title: "Texts arrive late", Text: "We know, and wait for the phone company."}
	with := func(change func(*notice.Draft)) notice.Draft {
		n := good
		change(&n)
		return n
	}
	for _, c := range []struct {
		name string
		n    notice.Draft
		open int
		rule haven.Rule
	}{
		{"a problem", good, 0, "notice.posted"},
		{"spaces around", with(func(n *notice.Draft) { n.Title = "  late \n" }), 0, "notice.posted"},
		{"no kind", with(func(n *notice.Draft) { n.Kind = 0 }), 0, "notice.kind"},
		{"an unknown kind", with(func(n *notice.Draft) { n.Kind = 9 }), 0, "notice.kind"},
		{"no title", with(func(n *notice.Draft) { n.Title = " \t" }), 0, "notice.title"},
		{"a title of nothing", with(func(n *notice.Draft) { n.Title = "…🦊" }), 0, "notice.title"},
		{"right to left, and a fox", with(func(n *notice.Draft) { n.Title = "تأخير 🦊" }), 0, "notice.posted"},
		{"the longest title", with(func(n *notice.Draft) { n.Title = strings.Repeat("é", 100) }), 0, "notice.posted"},
		{"a longer title", with(func(n *notice.Draft) { n.Title = strings.Repeat("é", 101) }), 0, "notice.title"},
		{"a title of two lines", with(func(n *notice.Draft) { n.Title = "a\nb" }), 0, "notice.title"},
		{"a title that turns around", with(func(n *notice.Draft) { n.Title = "a\u202eb" }), 0, "notice.title"},
		{"a script is text", with(func(n *notice.Draft) { n.Text = "<script>alert(1)</script>" }), 0, "notice.posted"},
		{"no text", with(func(n *notice.Draft) { n.Text = "" }), 0, "notice.text"},
		{"too long", with(func(n *notice.Draft) { n.Text = strings.Repeat("a", 2001) }), 0, "notice.text"},
		{"a control", with(func(n *notice.Draft) { n.Text = "a\x00b" }), 0, "notice.text"},
		{"planned", with(func(n *notice.Draft) {
			n.Kind, n.From, n.Until = notice.Planned, now.Add(time.Hour), now.Add(2*time.Hour)
		}), 0, "notice.posted"},
		{"planned without an end", with(func(n *notice.Draft) { n.Kind, n.From = notice.Planned, now.Add(time.Hour) }), 0, "notice.until"},
		{"planned for a year hence", with(func(n *notice.Draft) {
			n.Kind, n.From, n.Until = notice.Planned, now.AddDate(1, 0, 2), now.AddDate(1, 0, 3)
		}), 0, "notice.from"},
		{"a problem that begins later", with(func(n *notice.Draft) { n.From = now.Add(time.Minute) }), 0, "notice.from"},
		{"a problem that began before", with(func(n *notice.Draft) { n.From = now.Add(-time.Hour) }), 0, "notice.posted"},
		{"ends before it begins", with(func(n *notice.Draft) {
			n.Kind, n.From, n.Until = notice.Planned, now.Add(2*time.Hour), now.Add(time.Hour)
		}), 0, "notice.until"},
		{"over already", with(func(n *notice.Draft) { n.From, n.Until = now.Add(-2*time.Hour), now.Add(-time.Hour) }), 0, "notice.until"},
		{"for ever", with(func(n *notice.Draft) { n.Until = now.AddDate(3, 0, 0) }), 0, "notice.until"},
		{"too many", good, 20, "notice.too-many"},
	} {
		if v := notice.MayPost(notice.Complete(c.n, p, now), c.open, p, now); v.Rule != c.rule || v.Allowed != (c.rule == "notice.posted") || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

func TestStand(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	for _, c := range []struct {
		name   string
		from   time.Duration
		until  time.Duration // 0: none
		ended  bool
		stands notice.Standing
		banner bool
	}{
		{"now", -time.Hour, time.Hour, false, notice.Now, true},
		{"now, without an end", -time.Hour, 0, false, notice.Now, true},
		{"just begins", 0, time.Hour, false, notice.Now, true},
		{"just over", -time.Hour, -time.Nanosecond, false, notice.Over, false},
		{"ended", -time.Hour, time.Hour, true, notice.Over, false},
		{"in a week", p.BannerBefore, p.BannerBefore + time.Hour, false, notice.Coming, true},
		{"in more than a week", p.BannerBefore + time.Second, p.BannerBefore + time.Hour, false, notice.Coming, false},
		{"cancelled before it began", time.Hour, 2 * time.Hour, true, notice.Over, false},
	} {
		n := notice.Notice{Draft: notice.Draft{From: now.Add(c.from)}}
		if c.until != 0 {
			n.Until = now.Add(c.until)
		}
		if c.ended {
			n.Ended = now
		}
		if s, b := notice.Stand(n, now), notice.Banner(n, p, now); s != c.stands || b != c.banner {
			t.Errorf("%s: %v, banner %t", c.name, s, b)
		}
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx := t.Context()
		if err := h.DB.Migrate(ctx, append(peopletest.Schemas(), notice.Schema)...); err != nil {
			t.Fatal(err)
		}
		s := notice.New(notice.Options{DB: h.DB, Operators: h.Operators, Clock: h.Clock, Policy: h.Policy.Operator})
		tess, aisha := h.Person("Tess", "Okafor"), h.Person("Aisha", "Rahman")
		if _, err := h.Operators.Add(ctx, peopletest.Operator, tess.No); err != nil {
			t.Fatal(err)
		}
		late := notice.Draft{Kind: notice.Problem, Title: "Texts arrive late", Text: "We know.\r\n\r\nWait."}
		if _, err := s.Post(ctx, peopletest.As(aisha), late); !errs.Is(err, errs.NotFound) {
			t.Errorf("by somebody else: %v", err)
		}
		var wg sync.WaitGroup
		results := make([]error, 3)
		for i := range results { // a form that is sent three times at once
			wg.Go(func() { _, results[i] = s.Post(ctx, peopletest.As(tess), late) })
		}
		wg.Wait()
		posted := 0
		for _, err := range results {
			if err == nil {
				posted++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		}
		open, err := s.Open(ctx)
		if err != nil || posted != 1 || len(open) != 1 || open[0].By != tess.ID || open[0].Text != "We know.\n\nWait." {
			t.Fatalf("posted %d, %+v, %v", posted, open, err)
		}
		work := notice.Draft{Kind: notice.Planned, Title: "New disks", Text: "No mail for an hour.", From: h.Clock.Now().Add(240 * time.Hour), Until: h.Clock.Now().Add(241 * time.Hour)}
		if _, err := s.Post(ctx, peopletest.Operator, work); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Banners(ctx); err != nil || len(b) != 1 {
			t.Errorf("%+v, %v", b, err)
		}
		if err := s.End(ctx, peopletest.As(aisha), open[0].ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("ended by somebody else: %v", err)
		}
		if err := s.End(ctx, peopletest.As(tess), open[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := s.End(ctx, peopletest.As(tess), open[0].ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("ended twice: %v", err)
		}
		h.Clock.Advance(time.Second)
		if _, err := s.Post(ctx, peopletest.As(tess), notice.Draft{Kind: notice.Solved, Title: "Texts arrive", Text: "They do again."}); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(h.Policy.Operator.SolvedFor)
		if open, err = s.Open(ctx); err != nil || len(open) != 1 || open[0].Title != "New disks" {
			t.Errorf("%+v, %v", open, err)
		}
		h.Clock.Advance(9 * 24 * time.Hour)
		if b, err := s.Banners(ctx); err != nil || len(b) != 1 || notice.Stand(b[0], h.Clock.Now()) != notice.Now {
			t.Errorf("%+v, %v", b, err)
		}
		past, err := s.History(ctx, 10)
		if err != nil || len(past) != 2 || past[0].Kind != notice.Solved || past[1].Ended.IsZero() {
			t.Errorf("%+v, %v", past, err)
		}
		records := 0
		if err := h.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT COUNT(*) FROM audit WHERE what IN ('notice.posted', 'notice.ended')`, nil, func(r db.Row) error { records = int(r.Int64(0)); return nil })
		}); err != nil || records != 4 {
			t.Errorf("%d records, %v", records, err)
		}
	})
}
