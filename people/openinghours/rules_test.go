package openinghours

import (
	"strings"
	"testing"
	"time"
)

const form = "2006-01-02 15:04"

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation(form, text, London)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func day(t *testing.T, text string) Day {
	t.Helper()
	d, v := ParseDay(text)
	if !v.Allowed {
		t.Fatalf("%q: %s", text, v.Reason)
	}
	return d
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "closed",
		" Closed ":                     "closed",
		"-":                            "closed",
		"9-5":                          "09:00 to 17:00",
		"9-5.30":                       "09:00 to 17:30",
		"9 to 5:30":                    "09:00 to 17:30",
		"9am–1pm, 2pm–6.30pm":          "09:00 to 13:00, 14:00 to 18:30",
		"9-1, 2-6":                     "09:00 to 13:00, 14:00 to 18:00",
		"9-1 and 2-6":                  "09:00 to 13:00, 14:00 to 18:00",
		"09:00 to 17:30":               "09:00 to 17:30",
		"09:00 to 13:00, 14:00-18:00":  "09:00 to 13:00, 14:00 to 18:00",
		"10-11":                        "10:00 to 11:00",
		"7 - 12":                       "07:00 to 12:00",
		"noon to midnight":             "12:00 to 24:00",
		"7am until 11 p.m.":            "07:00 to 23:00",
		"12am to 12pm":                 "00:00 to 12:00",
		"0:00-24:00":                   "00:00 to 24:00",
		"24 hours":                     "00:00 to 24:00",
		"9-9":                          "09:00 to 21:00",
		"8:30-12; 12:30-2; 2:30-18:00": "08:30 to 12:00, 12:30 to 14:00, 14:30 to 18:00",
	} {
		d, v := ParseDay(text)
		if !v.Allowed || d.String() != want {
			t.Errorf("%q is %s (%s), want %s", text, d, v.Reason, want)
		}
		if again, v := ParseDay(d.String()); !v.Allowed || again.String() != want {
			t.Errorf("%q, written, reads as %s", text, again)
		}
	}
	for _, text := range []string{
		"9", "9-", "-5", "9-5-6", "nine to five", "17:00-09:00", "08:00-06:30", "9-25", "9:60-17:00", "9:5-17:00", "24:01-24:02", "0am-5pm", "13pm-14pm",
		"9-17, 10-18", "9-10, 11-12, 13-14, 15-16", "9-12-", "9:00-17:00 (not Wednesdays)", "<script>", "٩-٥", "9️⃣-5", strings.Repeat("9-5,", 30), "999-1000",
	} {
		if d, v := ParseDay(text); v.Allowed || !v.Allowed && (v.Reason == "" || v.Rule != "openinghours.day") {
			t.Errorf("%q is taken as %s", text, d)
		}
	}
}

// desk is a door that is open from Monday to Friday.
func desk(t *testing.T) (h Hours) {
	for d := time.Monday; d <= time.Friday; d++ {
		h.Week[d] = day(t, "9-1, 2-5")
	}
	h.Except = map[Date]Day{"2026-12-24": day(t, "9-12"), "2026-12-25": day(t, "10-12"), "2026-11-30": nil}
	return h
}

func TestOpen(t *testing.T) {
	t.Parallel()
	h := desk(t)
	for _, c := range []struct {
		now     string
		open    bool
		changes string
		closes  string // "": closed by then
	}{
		{"2026-11-25 09:00", true, "2026-11-25 13:00", "2026-11-25 17:00"},
		{"2026-11-25 08:59", false, "2026-11-25 09:00", "2026-11-25 17:00"},
		{"2026-11-25 13:00", false, "2026-11-25 14:00", "2026-11-25 17:00"},
		{"2026-11-25 16:59", true, "2026-11-25 17:00", "2026-11-25 17:00"},
		{"2026-11-25 17:00", false, "2026-11-26 09:00", ""},
		{"2026-11-27 18:00", false, "2026-12-01 09:00", ""},                // a Friday, and Monday is an exception
		{"2026-12-24 11:00", true, "2026-12-24 12:00", "2026-12-24 12:00"}, // shorter
		{"2026-12-25 10:30", true, "2026-12-25 12:00", "2026-12-25 12:00"}, // an exception goes before a bank holiday
		{"2026-12-25 12:30", false, "2026-12-29 09:00", ""},                // Boxing Day's substitute
		{"2026-03-28 23:00", false, "2026-03-30 09:00", ""},                // the clocks go forward
		{"2026-10-24 23:00", false, "2026-10-26 09:00", ""},                // and back
		{"2026-07-01 09:30", true, "2026-07-01 13:00", "2026-07-01 17:00"}, // in summer time
	} {
		now := at(t, c.now)
		open, changes := h.Open(now.UTC())
		if got := changes.Format(form); open != c.open || got != c.changes {
			t.Errorf("%s: open %t until %s, want %t until %s", c.now, open, got, c.open, c.changes)
		}
		closes, ok := h.Closes(now.UTC())
		if ok != (c.closes != "") || ok && closes.Format(form) != c.closes {
			t.Errorf("%s: closes at %s %t, want %s", c.now, closes, ok, c.closes)
		}
	}
	if open, changes := (Hours{}).Open(at(t, "2026-11-25 09:00")); open || !changes.IsZero() {
		t.Errorf("hours that nobody gave are open: %t, %v", open, changes)
	}
	always := Hours{}
	for d := range always.Week {
		always.Week[d] = day(t, "24 hours")
	}
	if closes, ok := always.Closes(at(t, "2026-11-25 23:59")); !ok || closes.Format(form) != "2026-11-26 00:00" {
		t.Errorf("a door that is open day and night closes at %v", closes)
	}
}

func TestBankHolidays(t *testing.T) {
	t.Parallel()
	first, last := Years()
	if first != 2025 || last != 2028 || len(holidays) != 8*(last-first+1) {
		t.Errorf("%d days from %d to %d", len(holidays), first, last)
	}
	for d := range holidays {
		when, err := time.Parse(time.DateOnly, string(d))
		if err != nil || when.Year() < first || when.Year() > last || when.Weekday() == time.Saturday || when.Weekday() == time.Sunday {
			t.Errorf("%q is no bank holiday: %v", d, err)
		}
	}
	if !BankHoliday("2026-12-28") || BankHoliday("2026-12-27") {
		t.Error("Boxing Day of 2026 is kept on Monday")
	}
}
